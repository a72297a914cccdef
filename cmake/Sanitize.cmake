# NODE_MLS_SANITIZE=address: AddressSanitizer and UndefinedBehaviorSanitizer in one build (without vptr, since the
# engine has no RTTI). NODE_MLS_SANITIZE=thread: ThreadSanitizer. NODE_MLS_SANITIZE=fuzzer: as address, with the coverage
# that libFuzzer is led by and with assert(), for test/fuzz; clang only. The first finding ends the program. All check the
# bounds of the standard library's containers and spans.
if(NODE_MLS_SANITIZE STREQUAL "address")
  set(sanitize_flags -fsanitize=address,undefined -fno-sanitize=vptr)
elseif(NODE_MLS_SANITIZE STREQUAL "thread")
  set(sanitize_flags -fsanitize=thread)
elseif(NODE_MLS_SANITIZE STREQUAL "fuzzer")
  set(sanitize_flags -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize=vptr)
elseif(NODE_MLS_SANITIZE)
  message(FATAL_ERROR "NODE_MLS_SANITIZE is address, thread, fuzzer or nothing, not '${NODE_MLS_SANITIZE}'")
endif()

if(sanitize_flags)
  set(CMAKE_CXX_FLAGS_RELEASE "-O1 -g1 -DNDEBUG")
  if(NODE_MLS_SANITIZE STREQUAL "fuzzer")
    set(CMAKE_CXX_FLAGS_RELEASE "-O1 -g1")
  endif()
  add_compile_options(${sanitize_flags} -fno-sanitize-recover=all -fno-omit-frame-pointer -D_GLIBCXX_ASSERTIONS)
  add_link_options(${sanitize_flags})
endif()
