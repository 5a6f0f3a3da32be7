/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_MCP_SCHEMA_H
#define CLI_MCP_SCHEMA_H

/* A tool as agents are told of it: the schema of its arguments comes from the options of its
 * command, that of its answer from the command's notation. */

#include "cli/mcp/tools.h"

void schema_put_tool(struct json *json, const struct tool *tool);

#endif
