# SPDX-License-Identifier: Apache-2.0
# Builds the .deb packages and compares what is in them, and what they depend on, with what belongs there.
cmake_minimum_required(VERSION 3.25)
find_program(dpkg_deb dpkg-deb)
find_program(shlibdeps dpkg-shlibdeps)
if(NOT dpkg_deb OR NOT shlibdeps)
  message("skipped: dpkg-deb and dpkg-shlibdeps are not installed (apt-get install dpkg-dev)")
  return()
endif()

file(REMOVE_RECURSE "${OUT}")
file(MAKE_DIRECTORY "${OUT}")
find_program(cpack cpack REQUIRED)
execute_process(COMMAND "${cpack}" -G DEB --config "${BUILD}/CPackConfig.cmake" -B "${OUT}" WORKING_DIRECTORY "${OUT}"
  RESULT_VARIABLE code OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(NOT code EQUAL 0)
  message(FATAL_ERROR "cpack: exit ${code}\n${output}")
endif()

# check_package(<name> CONTENTS <path>... DEPENDS <package>... [FOREIGN <path regex>...])
function(check_package name)
  cmake_parse_arguments(PARSE_ARGV 1 P "" "" "CONTENTS;DEPENDS;FOREIGN")
  file(GLOB deb "${OUT}/${name}_${VERSION}_*.deb")
  list(LENGTH deb count)
  if(NOT count EQUAL 1)
    message(FATAL_ERROR "${count} packages ${name}_${VERSION}_*.deb; cpack said\n${output}")
  endif()
  execute_process(COMMAND "${dpkg_deb}" -c "${deb}" OUTPUT_VARIABLE contents COMMAND_ERROR_IS_FATAL ANY)
  foreach(path IN LISTS P_CONTENTS)
    string(FIND "${contents}" " ./${path}\n" found)
    if(found EQUAL -1)
      message(SEND_ERROR "${name}: ${path} is missing from\n${contents}")
    endif()
  endforeach()
  foreach(regex IN LISTS P_FOREIGN)
    if(contents MATCHES "${regex}")
      message(SEND_ERROR "${name}: ${CMAKE_MATCH_0} does not belong in\n${contents}")
    endif()
  endforeach()
  if(contents MATCHES "__pycache__|\\.pyc|/tests?/")
    message(SEND_ERROR "${name}: ${CMAKE_MATCH_0} does not belong in\n${contents}")
  endif()
  execute_process(COMMAND "${dpkg_deb}" -f "${deb}" Depends OUTPUT_VARIABLE depends COMMAND_ERROR_IS_FATAL ANY)
  foreach(package IN LISTS P_DEPENDS)
    if(NOT depends MATCHES "${package}")
      message(SEND_ERROR "${name}: does not depend on ${package}, but on: ${depends}")
    endif()
  endforeach()
endfunction()

set(private "usr/${LIBDIR}/stepscope")
check_package(stepscope
  CONTENTS usr/bin/stepscope "${private}/libstepscope.so" "${private}/${EXTENSION}"
           "${private}/python/sitecustomize.py" "${private}/python/stepscope_hooks/_api.py"
  DEPENDS libc6 libsqlite3-0 libzstd1
  FOREIGN "\\./usr/include" "stepscope-viewer")
if(VIEWER)
  check_package(stepscope-viewer CONTENTS usr/bin/stepscope-viewer DEPENDS libglfw3 libsqlite3-0
    FOREIGN "\\./usr/include" "libstepscope")
endif()
check_package(libstepscope-dev
  CONTENTS usr/include/stepscope/stepscope.h usr/include/stepscope/stepscope.hpp
           "usr/${LIBDIR}/cmake/stepscope/stepscopeConfig.cmake"
  FOREIGN "\\./usr/bin" "\\.so")
