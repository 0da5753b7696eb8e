# SPDX-License-Identifier: Apache-2.0
# stepscope::imgui: Dear ImGui with its GLFW and OpenGL 3 back ends, and stb's image files, which its package brings. The system's
# package, or with STEPSCOPE_IMGUI_DIR the sources of a release, compiled here.
add_library(stepscope_imgui INTERFACE)
add_library(stepscope::imgui ALIAS stepscope_imgui)
if(NOT STEPSCOPE_IMGUI_DIR)
  pkg_check_modules(imgui REQUIRED IMPORTED_TARGET imgui)
  target_link_libraries(stepscope_imgui INTERFACE PkgConfig::imgui)
  return()
endif()

pkg_check_modules(stb REQUIRED IMPORTED_TARGET stb)
foreach(file imgui.h imgui.cpp backends/imgui_impl_glfw.cpp backends/imgui_impl_opengl3.cpp)
  if(NOT EXISTS "${STEPSCOPE_IMGUI_DIR}/${file}")
    message(FATAL_ERROR "STEPSCOPE_IMGUI_DIR=${STEPSCOPE_IMGUI_DIR}: there is no ${file}; give the directory of an unpacked release of Dear ImGui")
  endif()
endforeach()
add_library(stepscope_imgui_release STATIC
  "${STEPSCOPE_IMGUI_DIR}/imgui.cpp" "${STEPSCOPE_IMGUI_DIR}/imgui_draw.cpp" "${STEPSCOPE_IMGUI_DIR}/imgui_tables.cpp"
  "${STEPSCOPE_IMGUI_DIR}/imgui_widgets.cpp" "${STEPSCOPE_IMGUI_DIR}/backends/imgui_impl_glfw.cpp"
  "${STEPSCOPE_IMGUI_DIR}/backends/imgui_impl_opengl3.cpp")
target_compile_features(stepscope_imgui_release PRIVATE cxx_std_17)
target_include_directories(stepscope_imgui_release SYSTEM PUBLIC "${STEPSCOPE_IMGUI_DIR}")
target_include_directories(stepscope_imgui_release PRIVATE "${STEPSCOPE_IMGUI_DIR}/backends")
target_link_libraries(stepscope_imgui_release PUBLIC glfw OpenGL::OpenGL ${CMAKE_DL_LIBS})
target_link_libraries(stepscope_imgui INTERFACE stepscope_imgui_release PkgConfig::stb)
