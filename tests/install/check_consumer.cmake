# SPDX-License-Identifier: Apache-2.0
# Installs into an empty prefix, builds tests/install/consumer against it, and records it with the installed program.
cmake_minimum_required(VERSION 3.25)

function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE code OUTPUT_VARIABLE output ERROR_VARIABLE errors)
  if(NOT code EQUAL 0)
    message(FATAL_ERROR "exit ${code}: ${ARGN}\n${output}${errors}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

set(prefix "${OUT}/prefix")
file(REMOVE_RECURSE "${OUT}")
run("${CMAKE_COMMAND}" --install "${BUILD}" --prefix "${prefix}")
foreach(file bin/stepscope "${LIBDIR}/stepscope/libstepscope.so" include/stepscope/stepscope.h
        include/stepscope/stepscope.hpp "${LIBDIR}/cmake/stepscope/stepscopeConfig.cmake")
  if(NOT EXISTS "${prefix}/${file}")
    message(FATAL_ERROR "not installed: ${file}")
  endif()
endforeach()

run("${CMAKE_COMMAND}" -S "${SOURCE}/consumer" -B "${OUT}/build" -G "${GENERATOR}" "-DCMAKE_PREFIX_PATH=${prefix}"
    "-DCMAKE_C_COMPILER=${C_COMPILER}" "-DCMAKE_CXX_COMPILER=${CXX_COMPILER}")
run("${CMAKE_COMMAND}" --build "${OUT}/build")

foreach(program consumer_c consumer_cpp)
  run("${OUT}/build/${program}")
  if(NOT output STREQUAL "not recorded\n")
    message(FATAL_ERROR "${program} alone said: ${output}")
  endif()
  run("${prefix}/bin/stepscope" record -o "${OUT}/run ${program}" -- "${OUT}/build/${program}")
  if(NOT output MATCHES "^recorded\n")
    message(FATAL_ERROR "${program} under `stepscope record` said: ${output}")
  endif()
  run("${prefix}/bin/stepscope" info "${OUT}/run ${program}")
  if(NOT output MATCHES "${program}")
    message(FATAL_ERROR "stepscope info does not name the program it recorded:\n${output}")
  endif()
endforeach()
