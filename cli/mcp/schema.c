/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/mcp/schema.h"

#include <stdlib.h>
#include <string.h>

#include "cli/help_json.h"
#include "cli/shape.h"

/* Programs in JavaScript hold no greater number exactly. */
#define SAFE_MAX ((INT64_C(1) << 53) - 1)

static void put_bound(struct json *json, const char *key, int64_t number) {
    if (number >= -SAFE_MAX && number <= SAFE_MAX) {
        json_key(json, key);
        json_int(json, number);
    }
}

static void put_fallback(struct json *json, const struct opt *opt, const char *fallback) {
    if (fallback == NULL) {
        return;
    }
    json_key(json, "default");
    if (opt->kind == OPT_INT) {
        json_int(json, strtoll(fallback, NULL, 10));
    } else {
        json_text(json, fallback);
    }
}

static void put_texts(struct json *json, const char *description) {
    json_member(json, "type", "array");
    json_key(json, "items");
    json_open(json, '{');
    json_member(json, "type", "string");
    json_close(json);
    json_member(json, "description", description);
}

static void put_option(struct json *json, const struct opt *opt, const char *fallback) {
    if (opt->kind == OPT_LIST) {
        put_texts(json, opt->help);
        return;
    }
    json_member(json, "type",
                opt->kind == OPT_INT    ? "integer"
                : opt->kind == OPT_FLAG ? "boolean"
                                        : "string");
    json_member(json, "description", opt->help);
    if (opt->kind == OPT_CHOICE) {
        help_json_choices(json, "enum", opt->value);
    } else if (opt->kind == OPT_INT) {
        put_bound(json, "minimum", opt->min);
        put_bound(json, "maximum", opt->max);
    }
    put_fallback(json, opt, fallback != NULL ? fallback : opt->fallback);
}

static void put_wait(struct json *json) {
    json_key(json, TOOLS_WAIT);
    json_open(json, '{');
    json_member(json, "type", "integer");
    json_member(json, "description", "if there is nothing yet, wait so many seconds for it");
    put_bound(json, "minimum", 0);
    put_bound(json, "maximum", TOOLS_WAIT_MAX_S);
    json_key(json, "default");
    json_int(json, 0);
    json_close(json);
}

static void put_arguments(struct json *json, const struct tool *tool) {
    json_key(json, "properties");
    json_open(json, '{');
    for (const struct tool_arg *arg = tool->args; arg->name != NULL; arg++) {
        json_key(json, arg->name);
        json_open(json, '{');
        put_option(json, tools_option(tool, arg), arg->fallback);
        json_close(json);
    }
    if (tool->list != NULL) {
        json_key(json, tool->list);
        json_open(json, '{');
        put_texts(json, tool->list_text);
        json_close(json);
    }
    if (tool->listen != NULL) {
        put_wait(json);
    }
    json_close(json);
}

static void put_required(struct json *json, const struct tool *tool) {
    json_key(json, "required");
    json_open(json, '[');
    for (const struct tool_arg *arg = tool->args; arg->name != NULL; arg++) {
        if (tools_option(tool, arg)->required) {
            json_text(json, arg->name);
        }
    }
    if (tool->list != NULL) {
        json_text(json, tool->list);
    }
    json_close(json);
}

static void put_input(struct json *json, const struct tool *tool) {
    json_key(json, "inputSchema");
    json_open(json, '{');
    json_member(json, "type", "object");
    put_arguments(json, tool);
    put_required(json, tool);
    json_key(json, "additionalProperties");
    json_bool(json, false);
    json_close(json);
}

static void put_hints(struct json *json, const struct tool *tool) {
    static const char *const never[] = {"destructiveHint", "openWorldHint"};
    json_key(json, "annotations");
    json_open(json, '{');
    json_key(json, "readOnlyHint");
    json_bool(json, !tool->writes);
    json_key(json, "idempotentHint");
    json_bool(json, true);
    for (size_t i = 0; i < sizeof never / sizeof *never; i++) {
        json_key(json, never[i]);
        json_bool(json, false);
    }
    json_close(json);
}

void schema_put_tool(struct json *json, const struct tool *tool) {
    json_open(json, '{');
    json_member(json, "name", tool->name);
    json_member(json, "description", tool->text);
    put_input(json, tool);
    json_key(json, "outputSchema");
    shape_put_schema(json, tools_command(tool)->json);
    put_hints(json, tool);
    json_close(json);
}
