# add_other_engine(mls_core_numbered) makes an object library of the engine's sources, so that all of its code is in each program.
function(add_other_engine engine)
  add_library(${engine} OBJECT EXCLUDE_FROM_ALL ${core_sources})
  target_include_directories(${engine} PUBLIC core)
  target_link_libraries(${engine} PUBLIC OpenSSL::Crypto Threads::Threads)
endfunction()

# link_with_other_engine(core_tests mutants mls_core_numbered checks.cc) makes core_tests_mutants: the object files of core_tests,
# those of another engine in place of mls_core, and sources of its own. So only the engine is compiled twice, and only when
# somebody asks for it. Where both have the code of an inline function, the first is taken, the engine's. It goes last in the
# file that makes the program.
function(link_with_other_engine program suffix engine)
  get_target_property(libraries ${program} LINK_LIBRARIES)
  list(REMOVE_ITEM libraries mls_core)
  set(other ${program}_${suffix})
  add_executable(${other} EXCLUDE_FROM_ALL "$<TARGET_OBJECTS:${engine}>" "$<TARGET_OBJECTS:${program}>" ${ARGN})
  add_dependencies(${other} ${program})
  target_include_directories(${other} PRIVATE "${PROJECT_SOURCE_DIR}/core")
  target_link_libraries(${other} PRIVATE OpenSSL::Crypto Threads::Threads ${libraries})
endfunction()
