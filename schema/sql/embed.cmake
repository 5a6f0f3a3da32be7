# SQL lives in files, runnable in psql; the build makes it part of the programs.

function(tocsin_embed target header script files)
  set(out ${CMAKE_BINARY_DIR}/generated/${header})
  add_custom_command(
    OUTPUT ${out}
    COMMAND ${CMAKE_COMMAND} -DOUT=${out} "-DFILES=${files}" -P ${script}
    DEPENDS ${files} ${script}
    VERBATIM)
  target_sources(${target} PRIVATE ${out})
  target_include_directories(${target} PRIVATE ${CMAKE_BINARY_DIR}/generated)
endfunction()

# Every statement <folder>/<stem>.sql becomes `sql_<stem>` in the generated <header>.
function(tocsin_embed_sql target header folder)
  file(GLOB files CONFIGURE_DEPENDS ${folder}/*.sql)
  tocsin_embed(${target} ${header} ${PROJECT_SOURCE_DIR}/schema/sql/sql_to_c.cmake "${files}")
endfunction()

# Every migration <folder>/NNNN_<what>.sql becomes a row of migrations[] in <header>, in order.

function(tocsin_embed_migrations target header folder)
  file(GLOB files CONFIGURE_DEPENDS ${folder}/[0-9][0-9][0-9][0-9]_*.sql)
  list(SORT files)
  tocsin_embed(${target} ${header} ${PROJECT_SOURCE_DIR}/schema/sql/migrations_to_c.cmake
               "${files}")
endfunction()
