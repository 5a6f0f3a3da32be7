/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/notify/wording.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "collector/notify/permalink.h"

#define DOT "  \xe2\x80\xa2  " /* Trackio's, with two blanks on each side */

#define TITLE_AGAIN_MAX 1100 /* the longest title that has nothing to escape is 1,024 */
#define RANKS_BYTES     64

static const struct {
    const char *emoji, *name, *loud;
} levels[] = {
    {"\xe2\x84\xb9\xef\xb8\x8f", "info", "INFO"},
    {"\xe2\x9a\xa0\xef\xb8\x8f", "warn", "WARN"},
    {"\xf0\x9f\x9a\xa8", "error", "ERROR"},
};

#define LEVELS ((int)(sizeof levels / sizeof *levels))

static int level_of(const struct payload_group *group) {
    return group->level < 0 ? 0 : group->level < LEVELS ? group->level : LEVELS - 1;
}

int wording_level(const struct payload *payload) {
    int worst = 0;
    for (size_t i = 0; i < payload->groups_n; i++) {
        const int level = level_of(&payload->groups[i]);
        worst = level > worst ? level : worst;
    }
    return worst;
}

const char *wording_project(const struct payload *payload) {
    const char *project = payload->groups_n > 0 ? payload->groups[0].project : NULL;
    for (size_t i = 1; i < payload->groups_n; i++) {
        if (strcmp(project, payload->groups[i].project) != 0) {
            return NULL;
        }
    }
    return project;
}

const char *wording_run(const struct payload *payload) {
    const char *run = wording_project(payload) != NULL ? payload->groups[0].run : NULL;
    for (size_t i = 1; run != NULL && i < payload->groups_n; i++) {
        if (strcmp(run, payload->groups[i].run) != 0) {
            return NULL;
        }
    }
    return run;
}

const char *wording_earliest(const struct payload *payload) {
    const char *time = NULL;
    for (size_t i = 0; i < payload->groups_n; i++) {
        const char *other = payload->groups[i].time;
        time = time == NULL || strcmp(other, time) < 0 ? other : time;
    }
    return time;
}

static const char *plural(int64_t n) {
    return n == 1 ? "" : "s";
}

/* " on 512 of 512 ranks", if it was more than one. */
static size_t word_ranks(const struct payload_group *group, char out[RANKS_BYTES]) {
    out[0] = '\0';
    return group->ranks <= 1
               ? 0
               : (size_t)snprintf(out, RANKS_BYTES, " on %" PRId64 " of %" PRId64 " ranks",
                                  group->ranks, group->world_size);
}

static void say_alerts(struct markup_text *text, const char *before, int64_t alerts) {
    if (alerts > 1) {
        markup_say(text, "%s%" PRId64 " alerts", before, alerts);
    }
}

static void say_step(struct markup_text *text, const struct payload_group *group) {
    if (group->has_step) {
        markup_say(text, DOT "Step %" PRId64, group->step);
    }
}

/* Project: p  •  Run: r  •  Step 7  •  Rank 3 of 8  •  Host: h */
static void word_place(const struct payload_group *group, const struct wording_style *style,
                       struct markup_text *out) {
    markup_say(out, "Project: ");
    markup_line(out, group->project, style->name_max);
    markup_say(out, DOT "Run: ");
    markup_line(out, group->run, style->name_max);
    say_step(out, group);
    if (group->ranks <= 1 && group->world_size > 1) {
        markup_say(out, DOT "Rank %" PRId64 " of %" PRId64, group->rank, group->world_size);
    }
    if (group->host != NULL && !markup_is_blank(group->host)) {
        markup_say(out, DOT "%s", group->ranks > 1 ? "First on host: " : "Host: ");
        markup_line(out, group->host, style->name_max);
    }
    say_alerts(out, DOT, group->alerts);
}

/* What did not fit into the title is said before the text. */
static void word_alert(const struct payload *payload, const struct wording_style *style,
                       struct wording *out) {
    const struct payload_group *group = payload->groups;
    char ranks[RANKS_BYTES];
    const size_t ranks_len = word_ranks(group, ranks);
    markup_say(&out->title, "%s [%s] ", levels[level_of(group)].emoji,
               levels[level_of(group)].loud);
    const bool whole =
        markup_line(&out->title, group->title, style->title_max - out->title.used - ranks_len);
    markup_say(&out->title, "%s", ranks);
    if (!whole) {
        markup_line(&out->text, group->title, TITLE_AGAIN_MAX);
    }
    if (!markup_is_blank(group->text)) {
        markup_say(&out->text, "%s", whole ? "" : "\n");
        markup_lines(&out->text, group->text, style->text_max - out->text.used);
    }
    word_place(group, style, &out->context);
}

/* A line: 🚨 loss is NaN on 512 of 512 ranks, 1024 alerts  •  Run: r  •  Step 7 */
static void word_group(const struct payload_group *group, const char *project,
                       const struct wording_style *style, struct markup_text *out) {
    char ranks[RANKS_BYTES];
    word_ranks(group, ranks);
    markup_say(out, "%s%s ", out->used > 0 ? "\n" : "", levels[level_of(group)].emoji);
    markup_line(out, group->title, style->line_title_max);
    markup_say(out, "%s", ranks);
    say_alerts(out, ", ", group->alerts);
    if (project == NULL) {
        markup_say(out, DOT "Project: ");
        markup_line(out, group->project, style->line_name_max);
    }
    markup_say(out, DOT "Run: ");
    markup_line(out, group->run, style->line_name_max);
    say_step(out, group);
}

/* 9000 error, 900 warn, 100 info */
static void word_levels(const struct payload *payload, struct markup_text *out) {
    const char *before = "";
    for (int level = LEVELS - 1; level >= 0; level--) {
        if (payload->alerts_by_level[level] > 0) {
            markup_say(out, "%s%" PRId64 " %s", before, payload->alerts_by_level[level],
                       levels[level].name);
            before = ", ";
        }
    }
}

static void word_digest(const struct payload *payload, const struct wording_style *style,
                        struct wording *out) {
    const char *project = wording_project(payload);
    const int64_t more = payload->groups_total - (int64_t)payload->groups_n;
    char command[PERMALINK_COMMAND_BYTES_MAX + 1];
    if (!style->bare) {
        markup_say(&out->title, "%s [DIGEST] ", levels[wording_level(payload)].emoji);
    }
    markup_say(&out->title, "%" PRId64 " alert%s in %" PRId64 " group%s", payload->alerts_total,
               plural(payload->alerts_total), payload->groups_total, plural(payload->groups_total));
    word_levels(payload, &out->text);
    for (size_t i = 0; i < payload->groups_n; i++) {
        word_group(&payload->groups[i], project, style, &out->text);
    }
    if (more > 0) {
        markup_say(&out->text, "\nand %" PRId64 " more group%s", more, plural(more));
    }
    if (project != NULL) {
        markup_say(&out->context, "Project: ");
        markup_line(&out->context, project, style->name_max);
        markup_say(&out->context, DOT);
    }
    permalink_command(project, wording_earliest(payload), command);
    markup_say(&out->context, "All: %s", command);
}

static void word_test(const struct payload *payload, const struct wording_style *style,
                      struct wording *out) {
    (void)payload;
    if (!style->bare) {
        markup_say(&out->title, "%s [TEST] ", levels[0].emoji);
    }
    markup_say(&out->title, "tocsin can post here");
    markup_say(&out->text, "This is a test, and nothing else: no run has raised an alert.");
    markup_say(&out->context, "tocsin " TOCSIN_VERSION_TEXT);
}

typedef void word_fn(const struct payload *payload, const struct wording_style *style,
                     struct wording *out);

static word_fn *const words[PAYLOAD_FORMS] = {
    [PAYLOAD_ALERTS] = word_alert,
    [PAYLOAD_DIGEST] = word_digest,
    [PAYLOAD_TEST] = word_test,
};

static enum err first_error(const struct wording *wording) {
    const enum err errs[] = {wording->title.err, wording->text.err, wording->context.err};
    for (size_t i = 0; i < sizeof errs / sizeof *errs; i++) {
        if (errs[i] != ERR_OK) {
            return errs[i];
        }
    }
    return ERR_OK;
}

enum err wording_make(const struct payload *payload, const struct wording_style *style,
                      struct wording *out) {
    markup_init(&out->title, style->title);
    markup_init(&out->text, style->text);
    markup_init(&out->context, style->context);
    words[payload->form](payload, style, out);
    return first_error(out);
}

void wording_fini(struct wording *wording) {
    markup_fini(&wording->title);
    markup_fini(&wording->text);
    markup_fini(&wording->context);
}
