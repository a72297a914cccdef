# The engine counting which way each of its branches goes, for scripts/coverage.cjs. Not optimised, so that the branches are
# those of the source. add_counted(core_tests) adds core_tests_counted.
include(OtherEngine)

set(NODE_MLS_COUNTED OFF)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND NOT NODE_MLS_SANITIZE)
  set(NODE_MLS_COUNTED ON)
endif()

if(NODE_MLS_COUNTED)
  add_other_engine(mls_core_counted)
  target_compile_options(mls_core_counted PRIVATE ${NODE_MLS_NO_EXCEPTIONS_NO_RTTI}
    -O0 -g0 --coverage -fprofile-update=atomic)
endif()

function(add_counted program)
  if(NOT NODE_MLS_COUNTED)
    return()
  endif()
  link_with_other_engine(${program} counted mls_core_counted)
  target_link_options(${program}_counted PRIVATE --coverage)
endfunction()
