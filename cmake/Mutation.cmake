# The engine with its checks numbered (core/base/check.h), for scripts/mutation.cjs.
#
# add_mutants(core_tests) adds core_tests_mutants: the object files of core_tests, linked with an engine in which
# MLS_MUTATE=n switches the check number n off. So only the engine is compiled twice, and only when somebody asks for it. It
# goes last in the file that makes the program.
include(OtherEngine)

set(NODE_MLS_MUTANTS OFF)
if(NOT NODE_MLS_SANITIZE AND NOT MSVC)
  set(NODE_MLS_MUTANTS ON)
endif()

if(NODE_MLS_MUTANTS)
  add_other_engine(mls_core_numbered)
  # Without a check, what would be undefined behaviour ends the test instead.
  target_compile_definitions(mls_core_numbered PRIVATE MLS_MUTATION _GLIBCXX_ASSERTIONS)
  target_compile_options(mls_core_numbered PRIVATE ${NODE_MLS_WARNINGS} ${NODE_MLS_NO_EXCEPTIONS_NO_RTTI}
    "-fmacro-prefix-map=${PROJECT_SOURCE_DIR}/=" -O1)
  compile_as_few(mls_core_numbered)
endif()

function(add_mutants program)
  if(NOT NODE_MLS_MUTANTS)
    return()
  endif()
  link_with_other_engine(${program} mutants mls_core_numbered "${PROJECT_SOURCE_DIR}/test/mutation/checks.cc")
  target_compile_definitions(${program}_mutants PRIVATE MLS_MUTATION)
  target_include_directories(${program}_mutants PRIVATE SYSTEM "${DOCTEST_INCLUDE_DIR}")
  target_compile_options(${program}_mutants PRIVATE ${NODE_MLS_WARNINGS_OF_TESTS})
endfunction()
