# What `cmake --install` lays down, in three components: runtime (the shared library), development, command. The testing
# kit, where it is built, belongs to development.
include(CMakePackageConfigHelpers)

set(docupilot_kind static)
if(DOCUPILOT_SHARED)
  set(docupilot_kind shared)
endif()
set(docupilot_cmake_dir ${CMAKE_INSTALL_LIBDIR}/cmake/DocuPilot)

install(TARGETS docupilot EXPORT DocuPilotTargets
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT runtime NAMELINK_COMPONENT development
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development
  INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
# One file for each kind, so that a static and a shared build can share a prefix.
install(EXPORT DocuPilotTargets NAMESPACE DocuPilot:: FILE DocuPilotTargets-${docupilot_kind}.cmake
  DESTINATION ${docupilot_cmake_dir} COMPONENT development)
set(docupilot_no_headers)
if(TARGET docupilot_testing)
  # The same static library beside either kind of the other one.
  install(TARGETS docupilot_testing EXPORT DocuPilotTestingTargets
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development
    INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
  install(EXPORT DocuPilotTestingTargets NAMESPACE DocuPilot:: DESTINATION ${docupilot_cmake_dir} COMPONENT development)
else()
  set(docupilot_no_headers PATTERN testing EXCLUDE)
endif()
install(DIRECTORY include/docupilot DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development
  FILES_MATCHING PATTERN "*.h" ${docupilot_no_headers})

configure_package_config_file(cmake/DocuPilotConfig.cmake.in ${PROJECT_BINARY_DIR}/DocuPilotConfig.cmake
  INSTALL_DESTINATION ${docupilot_cmake_dir})
# Before 1.0 a minor version may break what used the one before it.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/DocuPilotConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/DocuPilotConfig.cmake ${PROJECT_BINARY_DIR}/DocuPilotConfigVersion.cmake
  cmake/FindStemmer.cmake DESTINATION ${docupilot_cmake_dir} COMPONENT development)

# pkg-config: found by its own place, so that the tree can be moved, unless the folders were given as absolute paths.
file(RELATIVE_PATH docupilot_pc_up /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
string(REGEX REPLACE "/$" "" docupilot_pc_up "${docupilot_pc_up}")
set(DOCUPILOT_PC_PREFIX "\${pcfiledir}/${docupilot_pc_up}")
set(DOCUPILOT_PC_LIBDIR "\${prefix}/${CMAKE_INSTALL_LIBDIR}")
set(DOCUPILOT_PC_INCLUDEDIR "\${prefix}/${CMAKE_INSTALL_INCLUDEDIR}")
if(IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}" OR IS_ABSOLUTE "${CMAKE_INSTALL_INCLUDEDIR}")
  set(DOCUPILOT_PC_PREFIX ${CMAKE_INSTALL_PREFIX})
  set(DOCUPILOT_PC_LIBDIR ${CMAKE_INSTALL_FULL_LIBDIR})
  set(DOCUPILOT_PC_INCLUDEDIR ${CMAKE_INSTALL_FULL_INCLUDEDIR})
endif()
configure_file(cmake/docupilot.pc.in docupilot.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/docupilot.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)

if(TARGET docupilot_command)
  install(TARGETS docupilot_command RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT command)
  # The command writes its own completions, so that they are always those of its flags.
  if(NOT CMAKE_CROSSCOMPILING)
    foreach(completion bash:bash-completion/completions/docupilot zsh:zsh/site-functions/_docupilot
        fish:fish/vendor_completions.d/docupilot.fish)
      string(REPLACE ":" ";" completion ${completion})
      list(GET completion 0 shell)
      list(GET completion 1 file)
      install(CODE "
        set(file \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_DATADIR}/${file}\")
        cmake_path(GET file PARENT_PATH folder)
        file(MAKE_DIRECTORY \"\${folder}\")
        execute_process(COMMAND \"$<TARGET_FILE:docupilot_command>\" completion ${shell} OUTPUT_FILE \"\${file}\"
          COMMAND_ERROR_IS_FATAL ANY)" COMPONENT command)
    endforeach()
  endif()
endif()
# A folder for each package, as Debian wants it: no two packages may hold the same file.
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/libdocupilot1 RENAME copyright COMPONENT runtime)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/libdocupilot-dev RENAME copyright
  COMPONENT development)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/docupilot RENAME copyright COMPONENT command)

# ---- Debian packages, by `cpack -G DEB` in a build with DOCUPILOT_SHARED=ON ------------------------------------------
if(PROJECT_IS_TOP_LEVEL)
  set(CPACK_GENERATOR DEB)
  set(CPACK_PACKAGE_VENDOR "The DocuPilot authors")
  set(CPACK_PACKAGE_CONTACT "The DocuPilot authors <docupilot@users.invalid>")
  set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
  set(CPACK_STRIP_FILES ON)
  set(CPACK_COMPONENTS_ALL runtime development command)
  set(CPACK_DEB_COMPONENT_INSTALL ON)
  set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
  set(CPACK_DEBIAN_ENABLE_COMPONENT_DEPENDS ON)
  set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
  set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${PROJECT_BINARY_DIR}/lib)
  set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)

  set(CPACK_DEBIAN_RUNTIME_PACKAGE_NAME libdocupilot1)
  set(CPACK_DEBIAN_RUNTIME_PACKAGE_SECTION libs)
  set(CPACK_COMPONENT_RUNTIME_DESCRIPTION "documents for any program: shared library\n\
 Stores, describes, indexes and summarises documents.")
  set(CPACK_DEBIAN_RUNTIME_PACKAGE_SUGGESTS poppler-utils)

  set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libdocupilot-dev)
  set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
  set(CPACK_COMPONENT_DEVELOPMENT_DEPENDS runtime)
  # docupilot.pc names their package files under Requires.private, and pkg-config wants to see them.
  set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS "libssl-dev, libcurl4-openssl-dev, libsqlite3-dev, libpugixml-dev, libtomlplusplus-dev, \
libzip-dev, libgumbo-dev, libutf8proc-dev, libuchardet-dev, libstemmer-dev")
  set(CPACK_COMPONENT_DEVELOPMENT_DESCRIPTION "documents for any program: headers and package files\n\
 For programs that are built with DocuPilot, by CMake or pkg-config.")

  set(CPACK_DEBIAN_COMMAND_PACKAGE_NAME docupilot)
  set(CPACK_DEBIAN_COMMAND_PACKAGE_SECTION utils)
  set(CPACK_DEBIAN_COMMAND_PACKAGE_SUGGESTS poppler-utils)
  set(CPACK_COMPONENT_COMMAND_DEPENDS runtime)
  set(CPACK_COMPONENT_COMMAND_DESCRIPTION "documents for any program: the docupilot command\n\
 Ingests, finds, shows and summarises documents from a terminal.")
  include(CPack)
endif()
