# Language, optimisation and warnings, the same for every target.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)

if(MSVC)
  set(NODE_MLS_WARNINGS /W4 /WX)
  set(NODE_MLS_NO_EXCEPTIONS_NO_RTTI /EHs-c- /GR- /D_HAS_EXCEPTIONS=0)
  set(NODE_MLS_EXCEPTIONS /EHsc /D_HAS_EXCEPTIONS=1)
else()
  set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g0 -DNDEBUG")
  set(NODE_MLS_WARNINGS -Wall -Wextra -Wpedantic -Werror)
  set(NODE_MLS_NO_EXCEPTIONS_NO_RTTI -fno-exceptions -fno-rtti)
  set(NODE_MLS_EXCEPTIONS -fexceptions)
endif()

# g++'s optimiser warns of overflows in std::vector and std::string that cannot happen, differently with each version,
# optimisation level and sanitizer. In the engine these warnings are shown but do not stop the build; tests and
# sanitizer builds do not ask for them. The sanitizers look for the real ones.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  foreach(warning array-bounds maybe-uninitialized restrict stringop-overflow stringop-overread)
    list(APPEND NODE_MLS_WARNINGS_OF_TESTS -Wno-${warning})
    if(NODE_MLS_SANITIZE)
      list(APPEND NODE_MLS_WARNINGS -Wno-${warning})
    else()
      list(APPEND NODE_MLS_WARNINGS -Wno-error=${warning})
    endif()
  endforeach()
endif()
list(PREPEND NODE_MLS_WARNINGS_OF_TESTS ${NODE_MLS_WARNINGS})

# A compiler cache is used where there is one; -DCMAKE_CXX_COMPILER_LAUNCHER= switches it off.
find_program(NODE_MLS_CCACHE ccache)
mark_as_advanced(NODE_MLS_CCACHE)
if(NODE_MLS_CCACHE AND NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER
    "${CMAKE_COMMAND}" -E env CCACHE_SLOPPINESS=pch_defines,time_macros "${NODE_MLS_CCACHE}")  # see CompileQuickly.cmake
endif()
