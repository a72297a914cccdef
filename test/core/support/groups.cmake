# What tests share is compiled as two, side by side, in whichever program (CompileQuickly.cmake).
file(GLOB support_sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_LIST_DIR}/*.cc")
foreach(source IN LISTS support_sources)
  if(source MATCHES "walk")
    set_source_files_properties("${source}" PROPERTIES UNITY_GROUP walks)
  else()
    set_source_files_properties("${source}" PROPERTIES UNITY_GROUP support)
  endif()
endforeach()
