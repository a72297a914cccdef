# Tests are compiled more often than they run: compile_quickly(core_tests -Og precompiled.h) has g++ optimise them so much only, and
# read once what most of their files include, if a header of that is named. The engine that they link is compiled as ever. -Og
# takes four fifths of the time of -O1.
#
# g++ alone precompiles. ccache takes precompiled headers when it is told not to care for macros of the time (Toolchain.cmake).
function(compile_quickly program level)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    return()
  endif()
  target_compile_options(${program} PRIVATE ${level})
  foreach(header IN LISTS ARGN)
    target_precompile_headers(${program} PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}/${header}")
    target_compile_options(${program} PRIVATE -fpch-preprocess -Winvalid-pch)
  endforeach()
endfunction()

# compile_as_few(mls_core) compiles the sources of a target eight at a time, in two fifths of the time: what they share of headers
# is instantiated once. So the names in their anonymous namespaces differ. The engine that is shipped is compiled file by file,
# so an #include that a file forgets is found there.
function(compile_as_few target)
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 8)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${target} PRIVATE -Wno-subobject-linkage)  # which means headers, and the pieces are none
  endif()
endfunction()
