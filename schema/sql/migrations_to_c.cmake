# Script: turns the migrations FILES into one C header OUT with a table of them.
set(rows "")
set(next 1)
foreach(file IN LISTS FILES)
  get_filename_component(stem ${file} NAME_WE)
  string(SUBSTRING ${stem} 0 4 number)
  string(REGEX REPLACE "^0+" "" number ${number})
  if(NOT number EQUAL next)
    message(FATAL_ERROR "${stem}: migrations are numbered without gaps, the next number is ${next}")
  endif()
  math(EXPR next "${next} + 1")
  file(SHA256 ${file} checksum)
  file(READ ${file} sql)
  string(REPLACE "\\" "\\\\" sql "${sql}")
  string(REPLACE "\"" "\\\"" sql "${sql}")
  string(REPLACE "\n" "\\n\"\n     \"" sql "${sql}")
  string(APPEND rows "    {${number}, \"${stem}\", \"${checksum}\",\n     \"${sql}\"},\n")
endforeach()
file(WRITE ${OUT} "/* Generated from the migrations. */
static const struct migration {
    int version;
    const char *name;
    const char *checksum; /* SHA-256 of the file */
    const char *sql;
} migrations[] = {
${rows}};
")
