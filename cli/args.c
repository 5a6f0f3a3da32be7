/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/args.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/duration.h"
#include "cli/names.h"

#define PATH_BYTES_MAX 64 /* the longest command path has two short words */
#define NAMES_MAX      64 /* candidates for "did you mean" */

struct parse {
    char **at; /* next argument; argv is NULL-terminated */
    struct args *args;
    struct why *why;
    char path[PATH_BYTES_MAX]; /* command words so far */
};

static void add_opts(struct args *args, const struct opt *opts) {
    for (; opts != NULL && opts->name != NULL; opts++) {
        assert(args->n < ARGS_OPTS_MAX);
        args->values[args->n].opt = opts;
        args->n++;
    }
}

static int find_opt(const struct args *args, const char *name, size_t len) {
    for (int i = 0; i < args->n; i++) {
        const char *own = args->values[i].opt->name;
        if (strlen(own) == len && memcmp(own, name, len) == 0) {
            return i;
        }
    }
    return -1;
}

struct hint {
    char text[2 * PATH_BYTES_MAX];
};

/* " Did you mean 'x'?" or nothing. */
static struct hint hint_for(const char *wanted, const char *dashes, const char *const *names,
                            int n) {
    struct hint hint = {""};
    const char *nearest = names_nearest(wanted, names, n);
    if (nearest != NULL) {
        snprintf(hint.text, sizeof hint.text, " Did you mean '%s%s'?", dashes, nearest);
    }
    return hint;
}

/* A webhook's URL is a secret: it is not repeated where others may read it. */
static enum err refuse_url(const struct parse *p) {
    return why_set(p->why, ERR_CONFIG,
                   "A webhook's URL is a secret and no argument: it stands in this shell's history "
                   "now; remove it there, or better make a new one. Type it when asked, or give "
                   "--url-file=FILE, or a pipe: tocsin endpoint add <FILE");
}

static bool about_endpoints(const struct parse *p) {
    return strcmp(p->path, "endpoint") == 0 || strncmp(p->path, "endpoint ", 9) == 0;
}

/* Looks at all that is left, wherever it may stand. */
static enum err check_urls(const struct parse *p) {
    for (char **at = p->at; *at != NULL; at++) {
        if (strcasestr(*at, "http://") != NULL || strcasestr(*at, "https://") != NULL) {
            return refuse_url(p);
        }
    }
    return ERR_OK;
}

static enum err unknown_option(const struct parse *p, const char *argument) {
    const char *names[ARGS_OPTS_MAX];
    char wanted[PATH_BYTES_MAX];
    if (about_endpoints(p) && strchr(argument, '/') != NULL) {
        return refuse_url(p);
    }
    for (int i = 0; i < p->args->n; i++) {
        names[i] = p->args->values[i].opt->name;
    }
    snprintf(wanted, sizeof wanted, "%.*s", (int)strcspn(argument + 2, "="), argument + 2);
    return why_set(p->why, ERR_CONFIG, "Unknown option %.100s.%s See: tocsin %s%s--help", argument,
                   hint_for(wanted, "--", names, p->args->n).text, p->path,
                   p->path[0] == '\0' ? "" : " ");
}

static bool is_choice(const char *choices, const char *word) {
    const size_t len = strlen(word);
    for (const char *at = choices;; at++) {
        const size_t own = strcspn(at, "|");
        if (own == len && memcmp(at, word, len) == 0) {
            return true;
        }
        at += own;
        if (*at == '\0') {
            return false;
        }
    }
}

static enum err set_int(const struct parse *p, int i, const char *text) {
    const struct opt *opt = p->args->values[i].opt;
    char *end = NULL;
    errno = 0;
    const int64_t number = strtoimax(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0 || number < opt->min || number > opt->max) {
        return why_set(p->why, ERR_CONFIG,
                       "--%s is a whole number from %" PRId64 " to %" PRId64 ", not '%.100s'.",
                       opt->name, opt->min, opt->max, text);
    }
    p->args->values[i].number = number;
    return ERR_OK;
}

static enum err set_time(const struct parse *p, int i, const char *text) {
    const struct opt *opt = p->args->values[i].opt;
    char least[DURATION_BYTES];
    char most[DURATION_BYTES];
    int64_t s = 0;
    if (!duration_parse(text, &s) || s < opt->min || s > opt->max) {
        duration_text(opt->min, least);
        duration_text(opt->max, most);
        return why_set(p->why, ERR_CONFIG,
                       "--%s is a time such as 90s, 15m, 2h or 7d, from %s to %s, not '%.100s'.",
                       opt->name, least, most, text);
    }
    p->args->values[i].number = s;
    return ERR_OK;
}

static enum err set_choice(const struct parse *p, int i, const char *text) {
    const struct opt *opt = p->args->values[i].opt;
    return is_choice(opt->value, text)
               ? ERR_OK
               : why_set(p->why, ERR_CONFIG, "--%s is one of %s, not '%.100s'.", opt->name,
                         opt->value, text);
}

static enum err set_list(const struct parse *p, int i, const char *text) {
    const struct opt *opt = p->args->values[i].opt;
    if (p->args->list_n == ARGS_LIST_MAX) {
        return why_set(p->why, ERR_CONFIG, "--%s is given more than %d times.", opt->name,
                       ARGS_LIST_MAX);
    }
    p->args->list[p->args->list_n].opt = opt;
    p->args->list[p->args->list_n].text = text;
    p->args->list_n++;
    return ERR_OK;
}

static enum err set_value(const struct parse *p, int i, const char *text) {
    static enum err (*const setters[])(const struct parse *p, int i, const char *text) = {
        [OPT_TEXT] = NULL,     [OPT_LIST] = set_list,     [OPT_INT] = set_int,
        [OPT_TIME] = set_time, [OPT_CHOICE] = set_choice,
    };
    const enum opt_kind kind = p->args->values[i].opt->kind;
    const enum err err = setters[kind] == NULL ? ERR_OK : setters[kind](p, i, text);
    if (err == ERR_OK) {
        p->args->values[i].text = text;
    }
    return err;
}

static enum err parse_option(struct parse *p) {
    const char *argument = *p->at++;
    const char *name = argument + 2;
    const size_t len = strcspn(name, "=");
    const int i = find_opt(p->args, name, len);
    if (i < 0) {
        return unknown_option(p, argument);
    }
    const struct opt *opt = p->args->values[i].opt;
    assert(opt != NULL);
    p->args->values[i].given = true;
    if (opt->kind == OPT_FLAG) {
        p->args->values[i].text = "";
        return name[len] == '\0' ? ERR_OK
                                 : why_set(p->why, ERR_CONFIG, "--%s takes no value.", opt->name);
    }
    if (name[len] == '=') {
        return set_value(p, i, name + len + 1);
    }
    /* A value that is missing must not swallow the next option. */
    if (*p->at == NULL || strncmp(*p->at, "--", 2) == 0) {
        return why_set(p->why, ERR_CONFIG, "--%s needs a value: --%s=%s", opt->name, opt->name,
                       opt->value);
    }
    return set_value(p, i, *p->at++);
}

/* What could stand where the word stands: the same path up to the end of its next word. */
static enum err unknown_command(const struct parse *p, const char *word) {
    char paths[NAMES_MAX][PATH_BYTES_MAX];
    const char *names[NAMES_MAX];
    char wanted[2 * PATH_BYTES_MAX];
    int n = 0;
    const size_t len = strlen(p->path);
    snprintf(wanted, sizeof wanted, "%s%s%.50s", p->path, len == 0 ? "" : " ", word);
    for (const struct command *c = command_table; c->path != NULL && n < NAMES_MAX; c++) {
        if (strncmp(c->path, p->path, len) == 0) {
            const size_t start = len + (len > 0); /* of the next word */
            const size_t end = start + strcspn(c->path + start, " ");
            snprintf(paths[n], sizeof paths[n], "%.*s", (int)end, c->path);
            names[n] = paths[n];
            n++;
        }
    }
    return why_set(p->why, ERR_CONFIG, "There is no command '%s'.%s See: tocsin --help", wanted,
                   hint_for(wanted, "", names, n).text);
}

/* Adds a word to the path: a command is found, or a group of commands, or nothing. */
static enum err parse_word(struct parse *p) {
    char path[PATH_BYTES_MAX];
    const int len =
        snprintf(path, sizeof path, "%s%s%s", p->path, p->path[0] == '\0' ? "" : " ", *p->at);
    bool group = false;
    for (const struct command *c = command_table; c->path != NULL; c++) {
        if (strcmp(c->path, path) == 0) {
            p->args->command = c;
            p->args->group = NULL;
            add_opts(p->args, c->opts);
            add_opts(p->args, c->rows != NULL ? command_row_opts : NULL);
            break;
        }
        group = group || (len > 0 && (size_t)len < sizeof path &&
                          strncmp(c->path, path, (size_t)len) == 0 && c->path[len] == ' ');
    }
    if (p->args->command == NULL && !group) {
        return unknown_command(p, *p->at);
    }
    if (p->args->command == NULL) {
        p->args->group = *p->at;
    }
    memcpy(p->path, path, sizeof path);
    p->at++;
    return ERR_OK;
}

/* Of a command that takes them mixed, one argument; of others, all that follows. Kept where argv is
 * read already, so that they stand together. */
static enum err parse_rest(struct parse *p) {
    const struct command *command = p->args->command;
    if (about_endpoints(p) && strchr(*p->at, '/') != NULL) {
        return refuse_url(p);
    }
    if (command == NULL || command->rest == NULL) {
        return why_set(p->why, ERR_CONFIG, "Unexpected argument '%.100s'. See: tocsin %s --help",
                       *p->at, p->path);
    }
    const bool all = !command->mixed || strcmp(*p->at, "--") == 0;
    if (strcmp(*p->at, "--") == 0) {
        p->at++;
    }
    if (p->args->rest == NULL) {
        p->args->rest = p->at;
    }
    do {
        if (*p->at == NULL) {
            break;
        }
        p->args->rest[p->args->rest_n++] = *p->at++;
    } while (all);
    return ERR_OK;
}

static enum err parse_next(struct parse *p) {
    if (strncmp(*p->at, "--", 2) == 0 && (*p->at)[2] != '\0') {
        return parse_option(p);
    }
    if (p->args->command != NULL) {
        return parse_rest(p);
    }
    const enum err err = parse_word(p);
    return err == ERR_OK && about_endpoints(p) ? check_urls(p) : err;
}

/* Everything is read: fallbacks for what is absent, and a complaint about what must not be. */
static enum err complete(const struct parse *p) {
    struct args *args = p->args;
    if (args->command == NULL) {
        return args->group == NULL ? ERR_OK
                                   : why_set(p->why, ERR_CONFIG, "Which %s? See: tocsin %s --help",
                                             args->group, args->group);
    }
    if (args_given(args, "json") && args_given(args, "format")) {
        return why_set(p->why, ERR_CONFIG, "--json and --format exclude each other.");
    }
    for (int i = 0; i < args->n; i++) {
        const struct opt *opt = args->values[i].opt;
        if (args->values[i].given) {
            continue;
        }
        if (opt->required) {
            return why_set(p->why, ERR_CONFIG, "%s needs --%s %s. See: tocsin %s --help",
                           args->command->path, opt->name, opt->value, args->command->path);
        }
        if (opt->fallback != NULL) {
            const enum err err = set_value(p, i, opt->fallback);
            if (err != ERR_OK) {
                return err;
            }
        }
    }
    return ERR_OK;
}

enum err args_parse(char **argv, struct args *out, struct why *why) {
    struct args args = {0};
    struct parse p = {.at = argv + (argv[0] != NULL), .args = &args, .why = why};
    add_opts(&args, command_globals);
    while (*p.at != NULL) {
        const enum err err = parse_next(&p);
        if (err != ERR_OK) {
            return err;
        }
    }
    if (args.rest != NULL) {
        args.rest[args.rest_n] = NULL;
    }
    args.help = args_given(&args, "help");
    args.version = args_given(&args, "version");
    if (!args.help && !args.version) {
        const enum err err = complete(&p);
        if (err != ERR_OK) {
            return err;
        }
    }
    *out = args;
    return ERR_OK;
}

const char *args_text(const struct args *args, const char *name) {
    const int i = find_opt(args, name, strlen(name));
    assert(i >= 0);
    return args->values[i].text;
}

const char *args_list(const struct args *args, const char *name, int i) {
    for (int at = 0; at < args->list_n; at++) {
        if (strcmp(args->list[at].opt->name, name) == 0 && i-- == 0) {
            return args->list[at].text;
        }
    }
    return NULL;
}

int64_t args_int(const struct args *args, const char *name) {
    const int i = find_opt(args, name, strlen(name));
    assert(i >= 0);
    return args->values[i].number;
}

bool args_given(const struct args *args, const char *name) {
    const int i = find_opt(args, name, strlen(name));
    assert(i >= 0);
    return args->values[i].given;
}
