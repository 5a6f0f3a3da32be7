# tocsin_embed_sql(<target> <header>): every .sql file in the target's sql/ folder becomes one
# `static const char sql_<stem>[]` in the generated <header>, and so part of the program.
# The files stay runnable in psql; the tests PREPARE each of them.
function(tocsin_embed_sql target header)
  file(GLOB statements CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/sql/*.sql)
  set(out ${CMAKE_BINARY_DIR}/generated/${header})
  add_custom_command(
    OUTPUT ${out}
    COMMAND ${CMAKE_COMMAND} -DOUT=${out} "-DFILES=${statements}"
            -P ${PROJECT_SOURCE_DIR}/schema/sql/sql_to_c.cmake
    DEPENDS ${statements} ${PROJECT_SOURCE_DIR}/schema/sql/sql_to_c.cmake
    VERBATIM)
  target_sources(${target} PRIVATE ${out})
  target_include_directories(${target} PRIVATE ${CMAKE_BINARY_DIR}/generated)
endfunction()
