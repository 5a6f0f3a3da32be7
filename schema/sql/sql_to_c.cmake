# Script: turns FILES (.sql) into one C header OUT. Each line becomes a C string literal, so that
# the size of a literal stays below what C11 guarantees per line and diffs stay readable.
set(text "/* Generated from .sql files; edit those. */\n")
foreach(file IN LISTS FILES)
  get_filename_component(stem ${file} NAME_WE)
  file(READ ${file} sql)
  string(REPLACE "\\" "\\\\" sql "${sql}")
  string(REPLACE "\"" "\\\"" sql "${sql}")
  string(REPLACE "\n" "\\n\"\n    \"" sql "${sql}")
  string(APPEND text
    "__attribute__((unused)) static const char sql_${stem}[] =\n    \"${sql}\";\n")
endforeach()
file(WRITE ${OUT} "${text}")
