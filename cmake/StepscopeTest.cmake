# SPDX-License-Identifier: Apache-2.0
include(GoogleTest)

# What a test preset needs built: every test program adds itself here.
add_custom_target(stepscope_tests)

# stepscope_test(NAME <exe> LABEL unit|integration|golden|gui|scenario|fuzz SOURCES ... LINK ... [TIMEOUT s])
# One GoogleTest program; every TEST becomes one ctest. Tests that open windows or compare the times of real
# training runs have the machine to themselves.
function(stepscope_test)
  cmake_parse_arguments(PARSE_ARGV 0 T "" "NAME;LABEL;TIMEOUT" "SOURCES;LINK")
  if(NOT T_TIMEOUT)
    set(T_TIMEOUT 60)
  endif()
  set(serial "")
  if(T_LABEL MATCHES "^(gui|scenario)$")
    set(serial RUN_SERIAL ON)
  endif()
  add_executable(${T_NAME} ${T_SOURCES})
  target_link_libraries(${T_NAME} PRIVATE stepscope::build_flags ${T_LINK} GTest::gtest_main GTest::gmock)
  add_dependencies(stepscope_tests ${T_NAME})
  gtest_discover_tests(${T_NAME} DISCOVERY_MODE PRE_TEST TEST_PREFIX "${T_NAME}."
                       PROPERTIES LABELS "${T_LABEL}" TIMEOUT ${T_TIMEOUT} ${serial})
endfunction()
