/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/dashboard/changes.h"

#include <jansson.h>
#include <string.h>

#include "cli/dashboard/api.h"
#include "cli/dashboard/words.h"
#include "cli/db.h"

struct member {
    const char *name;   /* in the body; NULL ends a list */
    const char *option; /* of the command */
};

static const struct member ack_members[] = {{"comment", "comment"}, {NULL, NULL}};
static const struct member silence_members[] = {
    {"project", "project"}, {"run", "run"},         {"title", "title"}, {"max_level", "max-level"},
    {"for", "for"},         {"comment", "comment"}, {NULL, NULL},
};

static const struct change {
    const char *path;
    const char *command;
    const struct member *members;
    const char *arguments; /* the member whose texts become them; NULL: none */
} changes[] = {
    {"ack", "ack", ack_members, "ids"},
    {"silence", "silence add", silence_members, NULL},
};

static const struct change *find(const char *path) {
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        if (strcmp(changes[i].path, path) == 0) {
            return &changes[i];
        }
    }
    return NULL;
}

static const struct member *find_member(const struct change *change, const char *name) {
    for (const struct member *m = change->members; m->name != NULL; m++) {
        if (strcmp(m->name, name) == 0) {
            return m;
        }
    }
    return NULL;
}

/* Texts only, and none that the change does not know. */
static bool add_members(const struct change *change, json_t *body, struct words *words) {
    const char *name;
    json_t *value;
    json_object_foreach(body, name, value) {
        const struct member *member = find_member(change, name);
        if (change->arguments != NULL && strcmp(name, change->arguments) == 0) {
            continue;
        }
        if (member == NULL || !(json_is_string(value) || json_is_null(value))) {
            return false;
        }
        if (json_is_string(value)) {
            words_option(words, member->option, json_string_value(value));
        }
    }
    return true;
}

static bool add_arguments(const struct change *change, json_t *body, struct words *words) {
    json_t *list = change->arguments != NULL ? json_object_get(body, change->arguments) : NULL;
    size_t i;
    json_t *value;
    if (change->arguments == NULL) {
        return true;
    }
    words_rest(words);
    json_array_foreach(list, i, value) {
        if (!json_is_string(value)) {
            return false;
        }
        words_argument(words, json_string_value(value));
    }
    return json_is_array(list);
}

bool changes_answer(struct pool *pool, const char *path, const struct visit *visit,
                    struct reply *reply) {
    const struct change *change = find(path);
    struct words words;
    if (change == NULL) {
        return false;
    }
    json_t *body = json_loadb(visit->body != NULL ? visit->body : "", visit->body_len,
                              JSON_REJECT_DUPLICATES, NULL);
    words_begin(&words, change->command);
    if (json_is_object(body) && add_members(change, body, &words) &&
        add_arguments(change, body, &words)) {
        api_run(pool, &words, true, reply);
    } else {
        reply_error(reply, 400, "The body is no JSON object of the members that belong here.",
                    "See docs/http.md.");
    }
    words_fini(&words);
    json_decref(body);
    return true;
}

bool changes_are_possible(const char *dsn) {
    struct ctx ctx = {.dsn = dsn};
    const bool possible = db_become_owner(&ctx) == EXIT_OK;
    ctx_fini(&ctx);
    return possible;
}
