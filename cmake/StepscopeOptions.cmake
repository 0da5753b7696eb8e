# SPDX-License-Identifier: Apache-2.0
# What a builder may choose.
option(STEPSCOPE_BUILD_VIEWER "Build stepscope-viewer (GLFW, Dear ImGui)" ON)
option(STEPSCOPE_BUILD_TESTS "Build the tests" ${PROJECT_IS_TOP_LEVEL})
option(STEPSCOPE_QUICK_BUILD "Compile several files at a time, without debug information: quicker from nothing, slower after a change" OFF)
option(STEPSCOPE_SANITIZED_TESTS "Build those tests, too, that the presets asan and tsan run" ON)
option(STEPSCOPE_BUILD_BENCH "Build tests/bench (Google Benchmark)" ${PROJECT_IS_TOP_LEVEL})
option(STEPSCOPE_BUILD_FUZZERS "Build libFuzzer targets (needs clang)" OFF)
option(STEPSCOPE_DEVELOPER_MODE "Treat warnings as errors" OFF)
set(STEPSCOPE_IMGUI_DIR "" CACHE PATH "Sources of a release of Dear ImGui to build with instead of the system's package")
set(STEPSCOPE_SANITIZE "" CACHE STRING "Sanitizers, comma separated: address,undefined or thread")

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "Build type" FORCE)
endif()
