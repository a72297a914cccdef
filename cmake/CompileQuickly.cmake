# Tests are compiled more often than they run: compile_quickly(core_tests precompiled.h -Og) has g++ optimise them so much only, and
# read the headers that most of their files include once. The engine that they link is compiled as ever. -Og takes four fifths of
# the time of -O1.
#
# g++ alone precompiles: the build with clang reads each file by itself, so an #include that a file forgets is found there. ccache
# takes precompiled headers when it is told not to care for macros of the time (Toolchain.cmake).
function(compile_quickly program header level)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    return()
  endif()
  target_precompile_headers(${program} PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}/${header}")
  target_compile_options(${program} PRIVATE ${level} -fpch-preprocess -Winvalid-pch)
endfunction()
