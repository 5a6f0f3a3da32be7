/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COLLECTOR_NOTIFY_WORDING_H
#define COLLECTOR_NOTIFY_WORDING_H

/* What a message says to people: a title, a text and a line of context, within the limits of its
 * destination. The look is Trackio's: 🚨 [ERROR] title / text / Project: p  •  Run: r  •  Step 7,
 * and behind it the rank, the host and how many alerts. Pure. */

#include <stdbool.h>
#include <stddef.h>

#include "collector/notify/markup.h"
#include "collector/notify/payload.h"

struct wording_style {
    enum markup title;
    enum markup text;
    enum markup context;
    size_t title_max;      /* as `title` counts, and so on */
    size_t text_max;       /* holds PAYLOAD_GROUPS_MAX lines of a digest */
    size_t name_max;       /* of a project, run or host */
    size_t line_title_max; /* in a line of a digest */
    size_t line_name_max;
    bool bare; /* a title without emoji and [LABEL]: fields of their own say that */
};

struct wording {
    struct markup_text title;
    struct markup_text text; /* empty: there is none */
    struct markup_text context;
};

/* Errors: ERR_MEMORY. Call wording_fini() in any case. */
enum err wording_make(const struct payload *payload, const struct wording_style *style,
                      struct wording *out) ERR_MUST_CHECK;
void wording_fini(struct wording *wording);

/* 0 info, 1 warn, 2 error: of the worst group; of a test: info. */
int wording_level(const struct payload *payload);

/* The project, or run, that all the groups have; NULL if they have not. */
const char *wording_project(const struct payload *payload);
const char *wording_run(const struct payload *payload);

/* The time of the earliest group; NULL if there is none. */
const char *wording_earliest(const struct payload *payload);

#endif
