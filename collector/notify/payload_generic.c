/* SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>

#include "collector/notify/payload_build.h"
#include "collector/notify/permalink.h"
#include "collector/notify/wording.h"

/* Bytes of JSON. Names (255 bytes) and titles (1,024) of alerts are whole unless they are full of
 * control characters; together with the text and a link they stay below PAYLOAD_BYTES_MAX. */
#define NAME_MAX_BYTES  1530
#define TITLE_MAX_BYTES 2048
#define TEXT_MAX_BYTES  10240
#define TIME_MAX_BYTES  64

/* In a group of a digest. */
#define GROUP_NAME_MAX_BYTES  256
#define GROUP_TITLE_MAX_BYTES 256
#define GROUP_HOST_MAX_BYTES  100

static const struct wording_style style = {
    .title = MARKUP_JSON,
    .text = MARKUP_JSON,
    .context = MARKUP_JSON,
    .title_max = TITLE_MAX_BYTES,
    .text_max = TEXT_MAX_BYTES,
    .name_max = NAME_MAX_BYTES,
    .line_title_max = 120,
    .line_name_max = 60,
    .bare = true,
};

static const char *const levels[] = {"info", "warn", "error"};

static json_t *said(const struct markup_text *text) {
    return text->err == ERR_OK ? json_stringn((const char *)text->buf.ptr, text->buf.len) : NULL;
}

/* Null of NULL. */
static json_t *quoted(const char *untrusted, size_t max_bytes) {
    if (untrusted == NULL || *untrusted == '\0') {
        return untrusted == NULL ? json_null() : json_string("");
    }
    struct markup_text text;
    markup_init(&text, MARKUP_JSON);
    (void)markup_lines(&text, untrusted, max_bytes);
    json_t *json = said(&text);
    markup_fini(&text);
    return json;
}

static json_t *url_of(const struct payload *payload, const char *project, const char *run) {
    char url[PERMALINK_BYTES_MAX + 1];
    return permalink_page(payload->dashboard, project, run, url) ? json_string(url) : json_null();
}

static json_t *step_of(const struct payload_group *group) {
    return group->has_step ? json_integer(group->step) : json_null();
}

/* What Trackio does not know. */
static json_t *ranks_of(const struct payload_group *group, size_t host_max_bytes) {
    return json_pack("{s:I, s:I, s:I, s:o, s:I, s:I}", "rank", (json_int_t)group->rank, "ranks",
                     (json_int_t)group->ranks, "world_size", (json_int_t)group->world_size, "host",
                     quoted(group->host, host_max_bytes), "alerts", (json_int_t)group->alerts,
                     "alert_id", (json_int_t)group->alert_id);
}

/* Adds all of `more` (takes it) to json (takes it); gives json. */
static json_t *joined(json_t *json, json_t *more) {
    const int failed = json_object_update(json, more);
    json_decref(more);
    if (failed != 0) {
        json_decref(json);
        return NULL;
    }
    return json;
}

static json_t *alert(const struct payload *payload) {
    const struct payload_group *group = payload->groups;
    json_t *head =
        json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "type", "alert", "level",
                  levels[wording_level(payload)], "title", quoted(group->title, TITLE_MAX_BYTES),
                  "text", quoted(group->text, TEXT_MAX_BYTES), "project",
                  quoted(group->project, NAME_MAX_BYTES), "run", quoted(group->run, NAME_MAX_BYTES),
                  "step", step_of(group), "timestamp", quoted(group->time, TIME_MAX_BYTES));
    json_t *tail = json_pack("{s:o}", "url", url_of(payload, group->project, group->run));
    return joined(joined(head, ranks_of(group, NAME_MAX_BYTES)), tail);
}

static json_t *group_of(const struct payload_group *group) {
    const struct payload one = {.groups = group, .groups_n = 1};
    json_t *head = json_pack("{s:s, s:o, s:o, s:o, s:o, s:o}", "level", levels[wording_level(&one)],
                             "title", quoted(group->title, GROUP_TITLE_MAX_BYTES), "project",
                             quoted(group->project, GROUP_NAME_MAX_BYTES), "run",
                             quoted(group->run, GROUP_NAME_MAX_BYTES), "step", step_of(group),
                             "timestamp", quoted(group->time, TIME_MAX_BYTES));
    return joined(head, ranks_of(group, GROUP_HOST_MAX_BYTES));
}

static json_t *groups_of(const struct payload *payload) {
    json_t *groups = json_array();
    for (size_t i = 0; i < payload->groups_n; i++) {
        if (json_array_append_new(groups, group_of(&payload->groups[i])) != 0) {
            json_decref(groups);
            return NULL;
        }
    }
    return groups;
}

/* What a digest and a test have of the fields of an alert. */
static json_t *summary(const struct payload *payload, const struct wording *wording) {
    const char *project = wording_project(payload);
    const char *run = wording_run(payload);
    return json_pack(
        "{s:s, s:s, s:o, s:o, s:o, s:o, s:n, s:o, s:n, s:n, s:n, s:n, s:I, s:n, s:o}", "type",
        payload_form_names[payload->form], "level", levels[wording_level(payload)], "title",
        said(&wording->title), "text", said(&wording->text), "project",
        quoted(project, NAME_MAX_BYTES), "run", quoted(run, NAME_MAX_BYTES), "step", "timestamp",
        quoted(payload->time, TIME_MAX_BYTES), "rank", "ranks", "world_size", "host", "alerts",
        (json_int_t)payload->alerts_total, "alert_id", "url", url_of(payload, project, run));
}

static json_t *by_level_of(const struct payload *payload) {
    json_t *json = json_object();
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        const json_int_t alerts = payload->alerts_by_level[i];
        if (json_object_set_new(json, levels[i], json_integer(alerts)) != 0) {
            json_decref(json);
            return NULL;
        }
    }
    return json;
}

static json_t *digest(const struct payload *payload, const struct wording *wording) {
    char command[PERMALINK_COMMAND_BYTES_MAX + 1];
    permalink_command(wording_project(payload), wording_earliest(payload), command);
    json_t *tail = json_pack(
        "{s:I, s:o, s:s, s:o}", "groups_total", (json_int_t)payload->groups_total,
        "alerts_by_level", by_level_of(payload), "command", command, "groups", groups_of(payload));
    return joined(summary(payload, wording), tail);
}

static json_t *worded(const struct payload *payload) {
    struct wording wording;
    json_t *json = NULL;
    if (wording_make(payload, &style, &wording) == ERR_OK) {
        json = payload->form == PAYLOAD_DIGEST ? digest(payload, &wording)
                                               : summary(payload, &wording);
    }
    wording_fini(&wording);
    return json;
}

json_t *payload_generic(const struct payload *payload) {
    return payload->form == PAYLOAD_ALERTS ? alert(payload) : worded(payload);
}
