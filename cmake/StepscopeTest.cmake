# SPDX-License-Identifier: Apache-2.0
include(GoogleTest)

# What a test preset needs built: every test program adds itself here.
add_custom_target(stepscope_tests)

# What is tested is optimised in preset dev, and checked for undefined behaviour under sanitizers: a third of compiling there.
set(STEPSCOPE_TEST_OPTIONS $<$<CONFIG:Debug>:-O0>)
if(STEPSCOPE_SANITIZE MATCHES "undefined")
  set(STEPSCOPE_TEST_SPARED_CHECKS undefined)
endif()

# Half of compiling a test is reading GoogleTest; it is read once, and tests are compiled several files at a time, so names in
# unnamed namespaces differ within a program.
if(STEPSCOPE_MAY_PRECOMPILE)
  file(CONFIGURE OUTPUT "${PROJECT_BINARY_DIR}/tests/precompiled.cpp" CONTENT "int main() {}\n")
  add_executable(stepscope_test_headers "${PROJECT_BINARY_DIR}/tests/precompiled.cpp")  # compiled as tests are: -fPIE
  target_link_libraries(stepscope_test_headers PRIVATE stepscope::build_flags GTest::gtest GTest::gmock)
  target_compile_options(stepscope_test_headers PRIVATE ${STEPSCOPE_TEST_OPTIONS})
  set_target_properties(stepscope_test_headers PROPERTIES STEPSCOPE_SPARED_CHECKS "${STEPSCOPE_TEST_SPARED_CHECKS}")
  target_precompile_headers(stepscope_test_headers PRIVATE <gmock/gmock.h> <gtest/gtest.h>
    <filesystem> <fstream> <map> <optional> <sstream> <string> <vector>)
endif()

# stepscope_test(NAME <exe> LABEL unit|integration|golden|gui|scenario|fuzz [SANITIZED] [SERIAL] SOURCES ... LINK ... [TIMEOUT s])
# One GoogleTest program; every TEST becomes one ctest. Tests that open windows or compare the times of real
# training runs have the machine to themselves (SERIAL, and all gui and scenario). Under sanitizers a program is one ctest: starting it costs more there than most tests.
# SANITIZED: sanitized builds have it, too; where the others are built for the rest, it can be left to them (STEPSCOPE_SANITIZED_TESTS).
function(stepscope_test)
  cmake_parse_arguments(PARSE_ARGV 0 T "SANITIZED;SERIAL" "NAME;LABEL;TIMEOUT" "SOURCES;LINK")
  if(NOT T_TIMEOUT)
    set(T_TIMEOUT 60)
  endif()
  set(serial "")
  if(T_SERIAL OR T_LABEL MATCHES "^(gui|scenario)$")
    set(serial RUN_SERIAL ON)
  endif()
  add_executable(${T_NAME} ${T_SOURCES})
  target_link_libraries(${T_NAME} PRIVATE stepscope::build_flags ${T_LINK} GTest::gtest_main GTest::gmock)
  target_compile_options(${T_NAME} PRIVATE ${STEPSCOPE_TEST_OPTIONS})
  set_target_properties(${T_NAME} PROPERTIES STEPSCOPE_SPARED_CHECKS "${STEPSCOPE_TEST_SPARED_CHECKS}")
  if(TARGET stepscope_test_headers AND NOT T_SOURCES MATCHES "\\.c(;|$)")
    target_precompile_headers(${T_NAME} REUSE_FROM stepscope_test_headers)
    if(T_LABEL MATCHES "^(unit|integration|golden)$")
      set_target_properties(${T_NAME} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 12)
      target_compile_options(${T_NAME} PRIVATE ${STEPSCOPE_UNITY_WARNINGS})
    endif()
  endif()
  if(T_SANITIZED AND NOT STEPSCOPE_SANITIZED_TESTS)
    set_target_properties(${T_NAME} PROPERTIES EXCLUDE_FROM_ALL ON)
    return()
  endif()
  add_dependencies(stepscope_tests ${T_NAME})
  if(STEPSCOPE_SANITIZE)
    math(EXPR T_TIMEOUT "${T_TIMEOUT} * 5")
    add_test(NAME ${T_NAME} COMMAND ${T_NAME})
    set_tests_properties(${T_NAME} PROPERTIES LABELS "${T_LABEL}" TIMEOUT ${T_TIMEOUT} ${serial})
    return()
  endif()
  gtest_discover_tests(${T_NAME} DISCOVERY_MODE PRE_TEST TEST_PREFIX "${T_NAME}."
                       PROPERTIES LABELS "${T_LABEL}" TIMEOUT ${T_TIMEOUT} ${serial})
endfunction()
