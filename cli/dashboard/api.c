/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/dashboard/api.h"

#include <stdlib.h>
#include <string.h>

#include "cli/command.h"

#define ANSWER_BYTES_MAX ((size_t)64 * 1024 * 1024)
#define PATH_BYTES_MAX   64
#define ARGUMENT         "arg"

/* What may be asked. Everything else that the command line can do is not for pages. */
static const struct readable {
    const char *path;
    bool alone; /* it opens a connection of its own */
} readable[] = {
    {"list projects", false},
    {"list runs", false},
    {"list metrics", false},
    {"list system-metrics", false},
    {"list alerts", false},
    {"list deliveries", false},
    {"list quarantine", false},
    {"list gaps", false},
    {"get project", false},
    {"get run", false},
    {"get metric", false},
    {"get snapshot", false},
    {"get system-metric", false},
    {"compare", false},
    {"sweep", false},
    {"ranks", false},
    {"endpoint list", false},
    {"silence list", false},
    {"status", true},
};

/* Options that would hold a connection for as long as they like, or look elsewhere. */
static const char *const refused[] = {"wait", "follow"};

static const struct {
    enum exit_code code;
    unsigned int status;
} statuses[] = {
    {EXIT_USAGE, 400},       {EXIT_NOT_FOUND, 404}, {EXIT_AUTH, 403},
    {EXIT_UNREACHABLE, 503}, {EXIT_TIMEOUT, 503},
};

static unsigned int status_of(enum exit_code code) {
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        if (statuses[i].code == code) {
            return statuses[i].status;
        }
    }
    return 500;
}

static const struct readable *find_readable(const char *path) {
    char words[PATH_BYTES_MAX];
    snprintf(words, sizeof words, "%s", path);
    for (char *at = words; *at != '\0'; at++) {
        *at = *at == '/' ? ' ' : *at;
    }
    for (size_t i = 0; i < sizeof readable / sizeof *readable; i++) {
        if (strcmp(readable[i].path, words) == 0) {
            return &readable[i];
        }
    }
    return NULL;
}

static const struct command *find_command(const char *path) {
    const struct command *c = command_table;
    while (strcmp(c->path, path) != 0) {
        c++;
    }
    return c;
}

static const struct opt *find_opt(const struct opt *opts, const char *name) {
    for (; opts != NULL && opts->name != NULL; opts++) {
        if (strcmp(opts->name, name) == 0) {
            return opts;
        }
    }
    return NULL;
}

static bool is_refused(const char *name) {
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        if (strcmp(refused[i], name) == 0) {
            return true;
        }
    }
    return false;
}

/* The option that a parameter means; NULL: none that a page may give. */
static const struct opt *option_of(const struct command *command, const char *name) {
    const struct opt *own = find_opt(command->opts, name);
    if (is_refused(name)) {
        return NULL;
    }
    return own != NULL || command->rows == NULL ? own : find_opt(command_row_opts, name);
}

/* False: a parameter is no option of the command. */
static bool add_params(const struct command *command, const struct params *params,
                       struct words *words) {
    for (int i = 0; i < params->n; i++) {
        const struct param *param = &params->list[i];
        const struct opt *opt = option_of(command, param->name);
        if (opt == NULL && strcmp(param->name, ARGUMENT) != 0) {
            return false;
        }
        if (opt != NULL) {
            words_option(words, param->name, opt->kind == OPT_FLAG ? NULL : param->value);
        }
    }
    if (command->rest != NULL && params_get(params, ARGUMENT) != NULL) {
        words_rest(words);
    }
    for (int i = 0; params_nth(params, ARGUMENT, i) != NULL; i++) {
        words_argument(words, params_nth(params, ARGUMENT, i));
    }
    return true;
}

void api_run(struct pool *pool, struct words *words, bool alone, struct reply *reply) {
    const struct inside_rules rules = {
        .bytes_max = ANSWER_BYTES_MAX, .less = "a limit, or fewer fields", .alone = alone};
    struct inside_answer answer;
    if (words->too_many) {
        reply_error(reply, 400, "There are too many parameters.", NULL);
        return;
    }
    struct inside *inside = pool_take(pool);
    inside_run(inside, words->list, &rules, &answer);
    pool_give(pool, inside);
    if (answer.document == NULL) {
        reply_error(reply, status_of(answer.code), answer.ctx.error, answer.ctx.hint);
    } else {
        reply_json(reply, 200, answer.document, answer.len);
        answer.document = NULL;
    }
    inside_answer_fini(&answer);
}

void api_answer(struct pool *pool, const char *path, const struct visit *visit,
                struct reply *reply) {
    const struct readable *found = find_readable(path);
    struct words words;
    if (found == NULL) {
        reply_error(reply, 404, "There is no such thing here.", "See docs/http.md.");
        return;
    }
    words_begin(&words, found->path);
    if (add_params(find_command(found->path), &visit->params, &words)) {
        api_run(pool, &words, found->alone, reply);
    } else {
        reply_error(reply, 400, "A parameter is no option of this command.", "See docs/http.md.");
    }
    words_fini(&words);
}
