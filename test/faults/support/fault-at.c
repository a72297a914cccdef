/* A fault at the n-th write or sync of files below a folder. For LD_PRELOAD, so that it strikes SQLite as it is.
 *
 *   FAULT_FOLDER    absolute path of the folder
 *   FAULT_CONTROL   a file of 32 bytes that holds a Control, by which the fault is set and calls are counted. Whoever writes
 *                   it is heard at once, so that one process can go through many faults
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef struct {
  _Atomic int64_t at;    /* the number of the call that it strikes, counted from 1; 0: none */
  _Atomic int64_t calls; /* so far */
  _Atomic int64_t struck; /* how often it has struck */
  char how[8];           /* kill (before the call), torn (in the middle of a write; others are not counted), eio, full (the
                            disk): an error, once */
} Control;

static Control* control;
static const char* folder;

__attribute__((constructor)) static void Begin(void) {
  const char* file = getenv("FAULT_CONTROL");
  folder = getenv("FAULT_FOLDER");
  if (file == NULL || folder == NULL) return;
  const int fd = open(file, O_RDWR | O_CLOEXEC);
  if (fd < 0) abort();
  void* map = mmap(NULL, sizeof(Control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (map == MAP_FAILED) abort();
  control = map;
  close(fd);
}

static int IsWatched(int fd) {
  char link[64], path[4096];
  if (control == NULL) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t length = readlink(link, path, sizeof path - 1);
  if (length <= 0) return 0;
  path[length] = 0;
  return strncmp(path, folder, strlen(folder)) == 0;
}

static int Is(const char* how) { return strncmp(control->how, how, sizeof control->how) == 0; }

static void Die(void) {
  kill(getpid(), SIGKILL);
  for (;;) pause();
}

/* Strikes says whether this call fails, with errno set; or does not return. A torn write leaves its first half. */
static int Strikes(int fd, const void* bytes, size_t size, off64_t at) {
  if (!IsWatched(fd) || (Is("torn") && bytes == NULL)) return 0;
  const int64_t number = atomic_fetch_add(&control->calls, 1) + 1;
  if (atomic_load(&control->at) != number) return 0;
  atomic_fetch_add(&control->struck, 1);
  if (Is("torn")) (void)!syscall(SYS_pwrite64, fd, bytes, size / 2, at);
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
