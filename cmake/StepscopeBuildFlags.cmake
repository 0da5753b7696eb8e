# SPDX-License-Identifier: Apache-2.0
# Interface targets linked PRIVATE by our own targets only; nothing here is exported or set globally.
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

add_library(stepscope_build_flags INTERFACE)
add_library(stepscope::build_flags ALIAS stepscope_build_flags)
target_compile_features(stepscope_build_flags INTERFACE cxx_std_20)
# Includes are written from the root ("trace/kinds.hpp"), so that the room shows in the line.
target_include_directories(stepscope_build_flags INTERFACE "${PROJECT_SOURCE_DIR}" "${PROJECT_SOURCE_DIR}/include")
target_compile_options(stepscope_build_flags INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast
    -Wnon-virtual-dtor -Woverloaded-virtual -Wcast-align -Wunused -Wdouble-promotion -Wformat=2
    -Wimplicit-fallthrough -Wextra-semi>
  $<$<AND:$<COMPILE_LANGUAGE:CXX>,$<CXX_COMPILER_ID:GNU>>:-Wduplicated-cond -Wlogical-op -Wuseless-cast>
  $<$<BOOL:${STEPSCOPE_DEVELOPER_MODE}>:-Werror>)
if(STEPSCOPE_SANITIZE)
  # Options of a target itself come before these and would be undone by them: what it is spared, it says by a property.
  set(STEPSCOPE_SPARED_CHECKS $<TARGET_PROPERTY:STEPSCOPE_SPARED_CHECKS>)
  target_compile_options(stepscope_build_flags INTERFACE
    -fsanitize=${STEPSCOPE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all
    $<$<BOOL:${STEPSCOPE_SPARED_CHECKS}>:-fno-sanitize=${STEPSCOPE_SPARED_CHECKS}>)
  target_link_options(stepscope_build_flags INTERFACE -fsanitize=${STEPSCOPE_SANITIZE})
endif()

if(STEPSCOPE_QUICK_BUILD)
  target_compile_options(stepscope_build_flags INTERFACE -g0)  # debug information is a sixth of compiling
endif()
if(STEPSCOPE_QUICK_BUILD OR STEPSCOPE_SANITIZE)
  # What gcc's collector of garbage frees in a compilation costs a tenth of it, and is given back soon anyway.
  target_compile_options(stepscope_build_flags INTERFACE
    $<$<CXX_COMPILER_ID:GNU>:--param=ggc-min-expand=400 --param=ggc-min-heapsize=500000>)
endif()
if(STEPSCOPE_QUICK_BUILD OR STEPSCOPE_SANITIZE STREQUAL "thread")
  find_program(STEPSCOPE_LLD ld.lld DOC "A linker that is quicker than the usual one, for what is only tested")
  mark_as_advanced(STEPSCOPE_LLD)
  if(STEPSCOPE_LLD)
    target_link_options(stepscope_build_flags INTERFACE
      $<$<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>:-fuse-ld=lld>)
  endif()
endif()

# clang-tidy and libFuzzer's coverage want to see each file alone.
set(STEPSCOPE_MAY_PRECOMPILE ON)
if(CMAKE_CXX_CLANG_TIDY OR STEPSCOPE_BUILD_FUZZERS)
  set(STEPSCOPE_MAY_PRECOMPILE OFF)
endif()
# Of types in files that are compiled as if included.
set(STEPSCOPE_UNITY_WARNINGS $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)

# stepscope_quick_build(<target>...): in sanitized builds and with STEPSCOPE_QUICK_BUILD, files are compiled several at a time and the
# common headers read once for all targets: half the time. So names in unnamed namespaces differ within a target. Whether a file
# includes what it uses is seen by every other build.
function(stepscope_quick_build)
  if(NOT (STEPSCOPE_SANITIZE OR STEPSCOPE_QUICK_BUILD) OR NOT STEPSCOPE_MAY_PRECOMPILE)
    return()
  endif()
  if(NOT TARGET stepscope_common_headers)
    file(CONFIGURE OUTPUT "${PROJECT_BINARY_DIR}/common_headers.cpp" CONTENT "\n")
    add_library(stepscope_common_headers STATIC "${PROJECT_BINARY_DIR}/common_headers.cpp")
    target_link_libraries(stepscope_common_headers PRIVATE stepscope::build_flags fmt::fmt nlohmann_json::nlohmann_json)
    target_precompile_headers(stepscope_common_headers PRIVATE
      <algorithm> <array> <charconv> <cmath> <cstdint> <cstring> <filesystem> <functional> <map> <memory> <numeric> <optional>
      <span> <string> <string_view> <tuple> <unordered_map> <utility> <vector> <fmt/format.h> <nlohmann/json.hpp>)
  endif()
  foreach(target IN LISTS ARGN)
    target_link_libraries(${target} PRIVATE fmt::fmt nlohmann_json::nlohmann_json)
    target_precompile_headers(${target} REUSE_FROM stepscope_common_headers)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 16)
    target_compile_options(${target} PRIVATE ${STEPSCOPE_UNITY_WARNINGS})
  endforeach()
endfunction()

# stepscope_spare_pointer_checks(<target>...): without the checks of undefined behaviour that stand at every use of a pointer. They are a
# third of compiling under sanitizers, and what they would find there crashes or is found by the address sanitizer. Code that
# makes pointers of foreign bytes keeps them.
function(stepscope_spare_pointer_checks)
  if(STEPSCOPE_SANITIZE MATCHES "undefined")
    set_target_properties(${ARGN} PROPERTIES STEPSCOPE_SPARED_CHECKS
      null,alignment,vptr,object-size,pointer-overflow,nonnull-attribute,returns-nonnull-attribute)
  endif()
endfunction()

# Freestanding-style C++ for what runs inside the recorded process: no exceptions, no RTTI, no
# guarded statics, and code that never asks for libstdc++ at run time.
# No unwind tables is more than thrift: a thread that is ended (pthread_exit, pthread_cancel) in a call back from ours unwinds to our frame
# and ends there, where tables and `noexcept` would abort the program. collector/sources/python/wrappers.hpp says who does that.
add_library(stepscope_freestanding_flags INTERFACE)
add_library(stepscope::freestanding_flags ALIAS stepscope_freestanding_flags)
target_compile_options(stepscope_freestanding_flags INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-fno-exceptions -fno-rtti -fno-threadsafe-statics -fno-asynchronous-unwind-tables>
  -fno-stack-protector -fvisibility=hidden
  $<$<CONFIG:Debug>:-O1>)  # what the scenarios measure runs in here
