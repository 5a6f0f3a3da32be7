/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cond.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/duration.h"
#include "cli/json.h"

/* Subjects, and what stands between one and its name; NULL: it has none. */
static const struct {
    const char *word, *separator;
    bool metric;
} subjects[] = {
    {"state", NULL, false}, {"group", NULL, false}, {"name", NULL, false}, {"user", NULL, false},
    {"host", NULL, false},  {"tag", NULL, false},   {"step", NULL, false}, {"silent", NULL, false},
    {"alert", NULL, false}, {"config", ".", false}, {"metric", ":", true}, {"min", ":", true},
    {"max", ":", true},
};

/* Longer ones first: the first that fits is meant. */
static const char *const operators[] = {"!=", "!~", "<=", ">=", "=", "<", ">", "~"};

/* What alerts are compared by. */
static const char *const levels[] = {"info", "warn", "error"};

static char *trimmed(const char *from, const char *to) {
    while (from < to && isspace((unsigned char)*from)) {
        from++;
    }
    while (to > from && isspace((unsigned char)to[-1])) {
        to--;
    }
    char *copy = strndup(from, (size_t)(to - from));
    if (copy == NULL) {
        abort();
    }
    return copy;
}

static const char *operator_at(const char *at) {
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
        if (strncmp(at, operators[i], strlen(operators[i])) == 0) {
            return operators[i];
        }
    }
    return NULL;
}

static bool names_metric(const char *text) {
    for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++) {
        const size_t len = strlen(subjects[i].word);
        if (subjects[i].metric && strncmp(text, subjects[i].word, len) == 0 && text[len] == ':') {
            return true;
        }
    }
    return false;
}

/* The first operator; of a metric the last, because its name may hold such signs and its value, a
 * number, does not. NULL: there is none. */
static const char *find_operator(const char *text, const char **out_op) {
    const char *found = NULL;
    for (const char *at = text; *at != '\0'; at++) {
        const char *op = operator_at(at);
        if (op != NULL) {
            *out_op = op;
            found = at;
            at += strlen(op) - 1;
            if (!names_metric(text)) {
                break;
            }
        }
    }
    return found;
}

static bool is_level(const char *text) {
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        if (strcmp(levels[i], text) == 0) {
            return true;
        }
    }
    return false;
}

static enum exit_code malformed(struct ctx *ctx, const char *option, const char *text,
                                const char *why) {
    ctx_fail(ctx, EXIT_USAGE, "--%s: '%.200s' %s.", option, text, why);
    return ctx_hint(ctx, EXIT_USAGE,
                    "A condition is SUBJECT OPERATOR VALUE, for example state=running or "
                    "'metric:val/loss<0.5'. Subjects: " COND_SUBJECTS ".");
}

/* "config.lr" or "metric:loss" or "state", the blanks around it gone. */
static bool split_subject(const char *text, struct cond *out) {
    for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++) {
        const size_t len = strlen(subjects[i].word);
        const char *separator = subjects[i].separator;
        if (strncmp(text, subjects[i].word, len) != 0 ||
            (separator == NULL ? text[len] != '\0' : text[len] != separator[0])) {
            continue;
        }
        out->subject = subjects[i].word;
        out->name = trimmed(text + len + (separator != NULL), text + strlen(text));
        return separator == NULL || out->name[0] != '\0';
    }
    return false;
}

enum exit_code cond_parse_subject(struct ctx *ctx, const char *option, const char *text,
                                  struct cond *out) {
    struct cond cond = {.op = ""};
    char *subject = trimmed(text, text + strlen(text));
    const bool good = split_subject(subject, &cond);
    free(subject);
    if (!good) {
        cond_free(&cond);
        return malformed(ctx, option, text, "names none of the subjects");
    }
    *out = cond;
    return EXIT_OK;
}

/* What is wrong with the value; NULL: nothing. A time becomes its seconds. */
static const char *check_value(struct cond *cond) {
    int64_t s = 0;
    if (cond->value[0] == '\0') {
        return "has no value";
    }
    if (strcmp(cond->subject, "alert") == 0 && !is_level(cond->value)) {
        return "compares alerts with something else than info, warn or error";
    }
    if (strcmp(cond->subject, "silent") != 0) {
        return NULL;
    }
    if (!duration_parse(cond->value, &s)) {
        return "compares a silence with something else than a time such as 90s, 15m or 2h";
    }
    free(cond->value);
    if (asprintf(&cond->value, "%" PRId64, s) < 0) {
        abort();
    }
    return NULL;
}

enum exit_code cond_parse(struct ctx *ctx, const char *option, const char *text, struct cond *out) {
    struct cond cond = {.op = NULL};
    const char *at = find_operator(text, &cond.op);
    if (at == NULL) {
        return malformed(ctx, option, text, "has no operator");
    }
    char *subject = trimmed(text, at);
    const bool known = split_subject(subject, &cond);
    free(subject);
    cond.value = trimmed(at + strlen(cond.op), text + strlen(text));
    const char *problem = known ? check_value(&cond) : "names none of the subjects";
    if (problem != NULL) {
        cond_free(&cond);
        return malformed(ctx, option, text, problem);
    }
    *out = cond;
    return EXIT_OK;
}

void cond_free(struct cond *cond) {
    free(cond->name);
    free(cond->value);
    *cond = (struct cond){.name = NULL};
}

bool cond_is_metric(const struct cond *cond) {
    for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++) {
        if (subjects[i].metric && strcmp(subjects[i].word, cond->subject) == 0) {
            return true;
        }
    }
    return false;
}

static void put_cond(struct json *json, const struct cond *cond) {
    const char *const members[][2] = {
        {"subject", cond->subject}, {"name", cond->name}, {"op", cond->op}, {"value", cond->value}};
    json_open(json, '{');
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        json_key(json, members[i][0]);
        json_text(json, members[i][1]);
    }
    json_close(json);
}

char *cond_json(int n, const struct cond *list) {
    char *text = NULL;
    size_t len = 0;
    struct json json;
    FILE *file = open_memstream(&text, &len);
    if (file == NULL) {
        abort();
    }
    json_init(&json, file, JSON_LINE);
    json_open(&json, '[');
    for (int i = 0; i < n; i++) {
        put_cond(&json, &list[i]);
    }
    json_close(&json);
    if (fclose(file) != 0) {
        abort();
    }
    return text;
}

enum exit_code conds_read(struct ctx *ctx, const char *option, struct conds *out) {
    struct conds conds = {.list = calloc(ARGS_LIST_MAX, sizeof *conds.list)};
    const char *text;
    if (conds.list == NULL) {
        abort();
    }
    while ((text = args_list(ctx->args, option, conds.n)) != NULL) {
        const enum exit_code code = cond_parse(ctx, option, text, &conds.list[conds.n]);
        if (code != EXIT_OK) {
            conds_free(&conds);
            return code;
        }
        conds.n++;
    }
    *out = conds;
    return EXIT_OK;
}

void conds_free(struct conds *conds) {
    for (int i = 0; i < conds->n; i++) {
        cond_free(&conds->list[i]);
    }
    free(conds->list);
    *conds = (struct conds){.list = NULL};
}
