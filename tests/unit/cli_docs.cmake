# Script: fails when PAGE is not what TOCSIN prints.
execute_process(COMMAND ${TOCSIN} help --markdown OUTPUT_VARIABLE now COMMAND_ERROR_IS_FATAL ANY)
file(READ ${PAGE} page)
if(NOT page STREQUAL now)
  message(FATAL_ERROR "docs/cli.md is stale. Write it again: tocsin help --markdown >docs/cli.md")
endif()
