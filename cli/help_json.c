/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/help_json.h"

#include <string.h>

#include "cli/exits.h"
#include "cli/help.h"
#include "cli/shape.h"

static const char *const kinds[] = {
    [OPT_FLAG] = "flag", [OPT_TEXT] = "text", [OPT_LIST] = "list",
    [OPT_INT] = "int",   [OPT_TIME] = "time", [OPT_CHOICE] = "choice",
};

void help_json_choices(struct json *json, const char *key, const char *choices) {
    json_key(json, key);
    json_open(json, '[');
    for (const char *at = choices;; at++) {
        char word[64];
        const size_t len = strcspn(at, "|");
        snprintf(word, sizeof word, "%.*s", (int)len, at);
        json_text(json, word);
        at += len;
        if (*at == '\0') {
            break;
        }
    }
    json_close(json);
}

static void put_bounds(struct json *json, const struct opt *opt) {
    json_key(json, opt->kind == OPT_INT ? "min" : "min_seconds");
    json_int(json, opt->min);
    json_key(json, opt->kind == OPT_INT ? "max" : "max_seconds");
    json_int(json, opt->max);
}

static void put_opt(struct json *json, const struct opt *opt) {
    json_open(json, '{');
    json_member(json, "name", opt->name);
    json_member(json, "kind", kinds[opt->kind]);
    json_key(json, "required");
    json_bool(json, opt->required);
    json_member(json, "default", opt->fallback);
    json_member(json, "help", opt->help);
    if (opt->kind == OPT_CHOICE) {
        help_json_choices(json, "choices", opt->value);
    } else if (opt->kind == OPT_INT || opt->kind == OPT_TIME) {
        put_bounds(json, opt);
    }
    json_close(json);
}

static void put_opts(struct json *json, const struct opt *opts) {
    for (const struct opt *o = opts; o != NULL && o->name != NULL; o++) {
        put_opt(json, o);
    }
}

static void put_command(struct json *json, const struct command *c) {
    json_open(json, '{');
    json_member(json, "command", c->path);
    json_member(json, "summary", c->line);
    json_member(json, "text", c->text);
    json_member(json, "arguments", c->rest);
    json_key(json, "options");
    json_open(json, '[');
    put_opts(json, c->opts);
    put_opts(json, c->rows != NULL ? command_row_opts : NULL);
    json_close(json);
    json_member(json, "rows", c->rows);
    json_key(json, "output");
    if (c->json != NULL) {
        shape_put_schema(json, c->json);
    } else {
        json_text(json, NULL);
    }
    json_close(json);
}

static void put_commands(struct json *json, const struct command *only) {
    json_key(json, "commands");
    json_open(json, '[');
    for (const struct command *c = command_table; c->path != NULL; c++) {
        if (only == NULL || only == c) {
            put_command(json, c);
        }
    }
    json_close(json);
}

static void put_exit_codes(struct json *json) {
    json_key(json, "exit_codes");
    json_open(json, '[');
    for (const struct exits *e = exits_table; e->name != NULL; e++) {
        json_open(json, '{');
        json_key(json, "exit");
        json_int(json, e->code);
        json_member(json, "code", e->name);
        json_member(json, "meaning", e->text);
        json_key(json, "retryable");
        json_bool(json, e->retryable);
        json_close(json);
    }
    json_close(json);
}

static void put_environment(struct json *json) {
    json_key(json, "environment");
    json_open(json, '{');
    for (const struct help_variable *v = help_variables; v->name != NULL; v++) {
        json_member(json, v->name, v->text);
    }
    json_close(json);
}

void help_json(const struct ctx *ctx, const struct command *only) {
    struct json json;
    ctx_json_open(ctx, &json);
    json_member(&json, "version", TOCSIN_VERSION_TEXT);
    json_member(&json, "output", help_output);
    put_commands(&json, only);
    json_key(&json, "global_options");
    json_open(&json, '[');
    put_opts(&json, command_globals);
    json_close(&json);
    put_exit_codes(&json);
    put_environment(&json);
    ctx_json_close(&json);
}
