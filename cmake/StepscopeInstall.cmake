# SPDX-License-Identifier: Apache-2.0
# Install rules, the exported CMake package for the public headers, and the .deb packages.
#
#   runtime   bin/stepscope, <libdir>/stepscope/{libstepscope.so,python/,the SQLite extension}
#   viewer    bin/stepscope-viewer
#   dev       include/stepscope/*, the CMake package `stepscope` (target stepscope::headers)
include(CMakePackageConfigHelpers)

set(private_libdir "${CMAKE_INSTALL_LIBDIR}/stepscope")
set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/stepscope")

install(TARGETS stepscope RUNTIME COMPONENT runtime)
install(TARGETS stepscope_collector LIBRARY DESTINATION "${private_libdir}" COMPONENT runtime)
install(TARGETS stepscope_sqlite LIBRARY DESTINATION "${private_libdir}" COMPONENT runtime)
install(DIRECTORY "${PROJECT_SOURCE_DIR}/collector/sources/python/" DESTINATION "${private_libdir}/python"
        COMPONENT runtime FILES_MATCHING PATTERN "*.py" PATTERN "__pycache__" EXCLUDE)
if(STEPSCOPE_BUILD_VIEWER)
  install(TARGETS stepscope-viewer RUNTIME COMPONENT viewer)
endif()

install(TARGETS stepscope_headers EXPORT stepscopeTargets
        FILE_SET HEADERS DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" COMPONENT dev)
install(EXPORT stepscopeTargets NAMESPACE stepscope:: DESTINATION "${package_dir}" COMPONENT dev)
configure_package_config_file("${CMAKE_CURRENT_LIST_DIR}/stepscopeConfig.cmake.in"
  "${PROJECT_BINARY_DIR}/stepscopeConfig.cmake" INSTALL_DESTINATION "${package_dir}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/stepscopeConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES "${PROJECT_BINARY_DIR}/stepscopeConfig.cmake" "${PROJECT_BINARY_DIR}/stepscopeConfigVersion.cmake"
        DESTINATION "${package_dir}" COMPONENT dev)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME stepscope)
set(CPACK_PACKAGE_CONTACT "stepscope developers <stepscope@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_PACKAGE_VERSION "${PROJECT_VERSION}")
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_RESOURCE_FILE_LICENSE "${PROJECT_SOURCE_DIR}/LICENSE")
set(CPACK_COMPONENTS_ALL runtime dev)
if(STEPSCOPE_BUILD_VIEWER)
  list(APPEND CPACK_COMPONENTS_ALL viewer)
endif()
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_NAME stepscope)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_VIEWER_PACKAGE_NAME stepscope-viewer)
set(CPACK_DEBIAN_VIEWER_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_VIEWER_PACKAGE_DEPENDS "fonts-dejavu-core")
set(CPACK_DEBIAN_VIEWER_PACKAGE_RECOMMENDS "stepscope")
set(CPACK_DEBIAN_DEV_PACKAGE_NAME libstepscope-dev)
set(CPACK_DEBIAN_DEV_PACKAGE_ARCHITECTURE all)
set(CPACK_COMPONENT_RUNTIME_DESCRIPTION
  "Records training jobs and splits step time into causes that add up.\n Holds the program stepscope and the collector it injects.")
set(CPACK_COMPONENT_VIEWER_DESCRIPTION "Desktop window for stepscope recordings.")
set(CPACK_COMPONENT_DEV_DESCRIPTION "Headers to mark steps, ranges and counters in a program.")
include(CPack)
