# SPDX-License-Identifier: Apache-2.0
include(GoogleTest)

# stepscope_test(NAME <exe> LABEL unit|integration|golden|gui SOURCES ... LINK ... [TIMEOUT s])
# One GoogleTest program; every TEST becomes one ctest.
function(stepscope_test)
  cmake_parse_arguments(PARSE_ARGV 0 T "" "NAME;LABEL;TIMEOUT" "SOURCES;LINK")
  if(NOT T_TIMEOUT)
    set(T_TIMEOUT 60)
  endif()
  add_executable(${T_NAME} ${T_SOURCES})
  target_link_libraries(${T_NAME} PRIVATE stepscope::build_flags ${T_LINK} GTest::gtest_main GTest::gmock)
  gtest_discover_tests(${T_NAME} DISCOVERY_MODE PRE_TEST TEST_PREFIX "${T_NAME}."
                       PROPERTIES LABELS "${T_LABEL}" TIMEOUT ${T_TIMEOUT})
endfunction()
