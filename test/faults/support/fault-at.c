/* A fault at the n-th write or sync of files below a folder. For LD_PRELOAD, so that it strikes SQLite as it is.
 *
 *   FAULT_FOLDER   absolute path of the folder
 *   FAULT_AT       the number of the call that it strikes; 0: none
 *   FAULT_HOW      kill (before the call), torn (in the middle of a write), eio, full (the disk): an error, once
 *   FAULT_COUNT    a file in which the number of calls so far is kept
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static _Atomic long calls;

static int IsWatched(int fd) {
  const char* folder = getenv("FAULT_FOLDER");
  char link[64], path[4096];
  if (folder == NULL) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t length = readlink(link, path, sizeof path - 1);
  if (length <= 0) return 0;
  path[length] = 0;
  return strncmp(path, folder, strlen(folder)) == 0;
}

static void Note(long number) {
  const char* file = getenv("FAULT_COUNT");
  char text[32];
  if (file == NULL) return;
  const int length = snprintf(text, sizeof text, "%ld\n", number);
  const int fd = (int)syscall(SYS_openat, AT_FDCWD, file, O_WRONLY | O_CREAT, 0600);
  if (fd < 0) return;
  (void)!syscall(SYS_pwrite64, fd, text, length, 0);
  close(fd);
}

static int Is(const char* how) {
  const char* wanted = getenv("FAULT_HOW");
  return strcmp(wanted == NULL ? "kill" : wanted, how) == 0;
}

static void Die(void) {
  kill(getpid(), SIGKILL);
  for (;;) pause();
}

/* Strikes says whether this call fails, with errno set; or does not return. A torn write leaves its first half. */
static int Strikes(int fd, const void* bytes, size_t size, off64_t at) {
  if (!IsWatched(fd)) return 0;
  const long number = atomic_fetch_add(&calls, 1) + 1;
  const char* wanted = getenv("FAULT_AT");
  Note(number);
  if (wanted == NULL || atol(wanted) != number) return 0;
  if (Is("torn") && bytes != NULL) (void)!syscall(SYS_pwrite64, fd, bytes, size / 2, at);
  if (Is("torn") || Is("kill")) Die();
  errno = Is("full") ? ENOSPC : EIO;
  return 1;
}

ssize_t write(int fd, const void* bytes, size_t size) {
  if (Strikes(fd, bytes, size, lseek64(fd, 0, SEEK_CUR))) return -1;
  return syscall(SYS_write, fd, bytes, size);
}
ssize_t pwrite64(int fd, const void* bytes, size_t size, off64_t at) {
  if (Strikes(fd, bytes, size, at)) return -1;
  return syscall(SYS_pwrite64, fd, bytes, size, at);
}
ssize_t pwrite(int fd, const void* bytes, size_t size, off_t at) { return pwrite64(fd, bytes, size, at); }
int fsync(int fd) { return Strikes(fd, NULL, 0, 0) ? -1 : (int)syscall(SYS_fsync, fd); }
int fdatasync(int fd) { return Strikes(fd, NULL, 0, 0) ? -1 : (int)syscall(SYS_fdatasync, fd); }
int ftruncate64(int fd, off64_t size) {
  return Strikes(fd, NULL, 0, 0) ? -1 : (int)syscall(SYS_ftruncate, fd, size);
}
int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }
