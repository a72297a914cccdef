# libcrypto, static. OPENSSL_ROOT_DIR points at a build of one's own; otherwise the system's libcrypto.a is taken
# (Debian: libssl-dev, brew: openssl@3, Fedora: openssl-static).
set(OPENSSL_USE_STATIC_LIBS TRUE)
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED COMPONENTS Crypto)
