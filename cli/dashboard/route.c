/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/dashboard/route.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/dashboard/api.h"
#include "cli/dashboard/assets.h"
#include "cli/dashboard/changes.h"
#include "cli/dashboard/curves.h"
#include "cli/dashboard/events.h"
#include "cli/json.h"

#define API "/api/"

static void answer_session(const struct site *site, struct reply *reply) {
    char *body = NULL;
    size_t len = 0;
    struct json json;
    FILE *file = open_memstream(&body, &len);
    if (file == NULL) {
        abort();
    }
    json_init(&json, file, JSON_LINE);
    json_open(&json, '{');
    json_key(&json, "version");
    json_text(&json, TOCSIN_VERSION_TEXT);
    json_key(&json, "project");
    json_text(&json, site->project);
    json_key(&json, "writes");
    json_bool(&json, changes_are_possible(site->dsn));
    json_close(&json);
    if (fclose(file) != 0) {
        abort();
    }
    reply_json(reply, 200, body, len);
}

static void answer_get(const struct site *site, const char *path, const struct visit *visit,
                       struct reply *reply) {
    if (strcmp(path, "session") == 0) {
        answer_session(site, reply);
    } else if (strcmp(path, "curves") == 0) {
        curves_answer(site->pool, visit, reply);
    } else if (strcmp(path, "events") == 0) {
        events_answer(site->hub, site->pool, visit, reply);
    } else {
        api_answer(site->pool, path, visit, reply);
    }
}

static void answer_post(const struct site *site, const char *path, const struct visit *visit,
                        struct reply *reply) {
    if (guard_admit_change(visit, reply) && !changes_answer(site->pool, path, visit, reply)) {
        reply_error(reply, 404, "There is no such thing here.", "See docs/http.md.");
    }
}

void route_visit(const struct site *site, const struct visit *visit, struct reply *reply) {
    const bool api = strncmp(visit->path, API, strlen(API)) == 0;
    const bool get = strcmp(visit->method, "GET") == 0 || strcmp(visit->method, "HEAD") == 0;
    const bool post = strcmp(visit->method, "POST") == 0;
    if (visit->params.problem != NULL) {
        reply_error(reply, 400, visit->params.problem, NULL);
    } else if (!guard_admit(&site->guard, visit, reply)) {
        return;
    } else if (api && get) {
        answer_get(site, visit->path + strlen(API), visit, reply);
    } else if (api && post) {
        answer_post(site, visit->path + strlen(API), visit, reply);
    } else if (!get) {
        reply_error(reply, 405, "That cannot be done here.", NULL);
    } else if (!assets_answer(visit, reply)) {
        reply_error(reply, 404, "There is no such page.", "Open /");
    }
}
