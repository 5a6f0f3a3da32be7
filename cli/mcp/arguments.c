/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/mcp/arguments.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "cli/args.h"
#include "cli/names.h"

#define NUMBER_BYTES 32

static enum err add_word(struct arguments *a, struct why *why, const char *format, ...)
    ERR_PRINTF(3, 4) ERR_MUST_CHECK;

static enum err add_word(struct arguments *a, struct why *why, const char *format, ...) {
    if (a->n == ARGUMENTS_MAX) {
        return why_set(why, ERR_CONFIG, "There are more than %d arguments.", ARGUMENTS_MAX);
    }
    va_list values;
    va_start(values, format);
    const int len = vasprintf(&a->words[a->n], format, values);
    va_end(values);
    if (len < 0) {
        abort();
    }
    a->n++;
    return ERR_OK;
}

static enum err add_command(const struct tool *tool, struct arguments *a, struct why *why) {
    enum err err = add_word(a, why, "tocsin");
    for (const char *at = tool->path; err == ERR_OK && *at != '\0';) {
        const size_t len = strcspn(at, " ");
        err = add_word(a, why, "%.*s", (int)len, at);
        at += len + (at[len] == ' ');
    }
    for (const char *const *word = tool->more; err == ERR_OK && word != NULL && *word != NULL;
         word++) {
        err = add_word(a, why, "%s", *word);
    }
    return err;
}

/* A number as the command line takes it. NULL: neither text nor number. */
static const char *text_of(const json_t *value, char buffer[NUMBER_BYTES]) {
    if (json_is_string(value)) {
        return json_string_value(value);
    }
    if (json_is_integer(value)) {
        snprintf(buffer, NUMBER_BYTES, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        return buffer;
    }
    if (json_is_real(value)) {
        snprintf(buffer, NUMBER_BYTES, "%.17g", json_real_value(value));
        return buffer;
    }
    return NULL;
}

static enum err add_value(struct arguments *a, const char *name, const struct opt *opt,
                          const json_t *value, struct why *why) {
    char buffer[NUMBER_BYTES];
    const char *text = text_of(value, buffer);
    if (text == NULL) {
        return why_set(why, ERR_CONFIG, "%s is a text or a number.", name);
    }
    return opt == NULL ? add_word(a, why, "%s", text)
                       : add_word(a, why, "--%s=%s", opt->name, text);
}

/* One value where an agent forgot the brackets is as good. */
static enum err add_values(struct arguments *a, const char *name, const struct opt *opt,
                           const json_t *values, struct why *why) {
    if (!json_is_array(values)) {
        return add_value(a, name, opt, values, why);
    }
    if (json_array_size(values) > ARGS_LIST_MAX) {
        return why_set(why, ERR_CONFIG, "%s has more than %d entries.", name, ARGS_LIST_MAX);
    }
    enum err err = ERR_OK;
    for (size_t i = 0; err == ERR_OK && i < json_array_size(values); i++) {
        err = add_value(a, name, opt, json_array_get(values, i), why);
    }
    return err;
}

static enum err add_flag(struct arguments *a, const char *name, const struct opt *opt,
                         const json_t *value, struct why *why) {
    if (!json_is_boolean(value)) {
        return why_set(why, ERR_CONFIG, "%s is true or false.", name);
    }
    return json_is_true(value) ? add_word(a, why, "--%s", opt->name) : ERR_OK;
}

static enum err add_option(const struct tool *tool, const struct tool_arg *arg, const json_t *value,
                           struct arguments *a, struct why *why) {
    const struct opt *opt = tools_option(tool, arg);
    switch (opt->kind) {
    case OPT_FLAG:
        return add_flag(a, arg->name, opt, value, why);
    case OPT_LIST:
        return add_values(a, arg->name, opt, value, why);
    case OPT_TEXT:
    case OPT_INT:
    case OPT_TIME:
    case OPT_CHOICE:
        return add_value(a, arg->name, opt, value, why);
    }
    abort();
}

/* Agents say null for what they leave out. */
static const json_t *given(const json_t *object, const char *name) {
    const json_t *value = json_object_get(object, name);
    return json_is_null(value) ? NULL : value;
}

static enum err add_options(const struct tool *tool, const json_t *object, struct arguments *a,
                            struct why *why) {
    enum err err = ERR_OK;
    for (const struct tool_arg *arg = tool->args; err == ERR_OK && arg->name != NULL; arg++) {
        const json_t *value = given(object, arg->name);
        if (value != NULL) {
            err = add_option(tool, arg, value, a, why);
        } else if (arg->fallback != NULL) {
            err = add_word(a, why, "--%s=%s", tools_option(tool, arg)->name, arg->fallback);
        }
    }
    return err;
}

static enum err add_list(const struct tool *tool, const json_t *object, struct arguments *a,
                         struct why *why) {
    const json_t *value = tool->list == NULL ? NULL : given(object, tool->list);
    if (value == NULL) {
        return ERR_OK;
    }
    const enum err err = add_word(a, why, "--");
    return err == ERR_OK ? add_values(a, tool->list, NULL, value, why) : err;
}

static enum err read_wait(const struct tool *tool, const json_t *object, struct arguments *a,
                          struct why *why) {
    const json_t *value = tool->listen == NULL ? NULL : given(object, TOOLS_WAIT);
    const double wait_s = json_number_value(value);
    if (value != NULL &&
        (!json_is_number(value) || !(wait_s >= 0 && wait_s <= (double)TOOLS_WAIT_MAX_S))) {
        return why_set(why, ERR_CONFIG,
                       TOOLS_WAIT " is a number of seconds from 0 to %" PRId64
                                  "; to wait longer, ask again.",
                       TOOLS_WAIT_MAX_S);
    }
    a->wait_s = (int64_t)wait_s;
    return ERR_OK;
}

/* All names that the tool shows. */
static int names_of(const struct tool *tool, const char *names[ARGS_OPTS_MAX]) {
    int n = 0;
    for (const struct tool_arg *arg = tool->args; arg->name != NULL && n < ARGS_OPTS_MAX - 2;
         arg++) {
        names[n++] = arg->name;
    }
    if (tool->list != NULL) {
        names[n++] = tool->list;
    }
    if (tool->listen != NULL) {
        names[n++] = TOOLS_WAIT;
    }
    return n;
}

static enum err unknown(const struct tool *tool, const char *name, const char *const *names, int n,
                        struct why *why) {
    const char *nearest = names_nearest(name, names, n);
    return why_set(why, ERR_CONFIG, "%s takes no argument '%.100s'.%s%s%s", tool->name, name,
                   nearest == NULL ? "" : " Did you mean '", nearest == NULL ? "" : nearest,
                   nearest == NULL ? "" : "'?");
}

static enum err check_names(const struct tool *tool, json_t *object, struct why *why) {
    const char *names[ARGS_OPTS_MAX];
    const int n = names_of(tool, names);
    const char *name;
    json_t *value;
    json_object_foreach(object, name, value) {
        int i = 0;
        while (i < n && strcmp(names[i], name) != 0) {
            i++;
        }
        if (i == n) {
            return unknown(tool, name, names, n, why);
        }
    }
    return ERR_OK;
}

enum err arguments_build(const struct tool *tool, json_t *object, struct arguments *out,
                         struct why *why) {
    *out = (struct arguments){.n = 0};
    enum err err = check_names(tool, object, why);
    if (err == ERR_OK) {
        err = read_wait(tool, object, out, why);
    }
    if (err == ERR_OK) {
        err = add_command(tool, out, why);
    }
    if (err == ERR_OK) {
        err = add_options(tool, object, out, why);
    }
    return err == ERR_OK ? add_list(tool, object, out, why) : err;
}

void arguments_fini(struct arguments *arguments) {
    for (int i = 0; i < arguments->n; i++) {
        free(arguments->words[i]);
    }
    arguments->n = 0;
}
