/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COLLECTOR_NOTIFY_PAYLOAD_H
#define COLLECTOR_NOTIFY_PAYLOAD_H

/* The JSON that is posted: Slack blocks, a Discord embed, or Standard Webhooks' {type, timestamp,
 * data}, with at least the fields and the look of Trackio's. Every text is untrusted: it is escaped
 * for its destination (notify/markup.h), so that it mentions nobody, links nowhere and breaks no
 * JSON, and cut at code points to the destination's limits. Pure. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "schema/wire/buf.h"
#include "schema/wire/err.h"

enum payload_kind { PAYLOAD_SLACK, PAYLOAD_DISCORD, PAYLOAD_GENERIC, PAYLOAD_KINDS };
enum payload_form { PAYLOAD_ALERTS, PAYLOAD_DIGEST, PAYLOAD_TEST, PAYLOAD_FORMS };

/* As the tables of schema/sql/0005_webhooks.sql name them. */
extern const char *const payload_kind_names[PAYLOAD_KINDS];
extern const char *const payload_form_names[PAYLOAD_FORMS];

#define PAYLOAD_GROUPS_MAX 10          /* of a digest, in words; the rest is a number */
#define PAYLOAD_BYTES_MAX  (20 * 1024) /* what Standard Webhooks recommends at most */

/* Alerts of equal run, level and title. Texts borrow; UTF-8 without NUL. */
struct payload_group {
    int level; /* 0 info, 1 warn, 2 error */
    const char *project;
    const char *run;
    const char *title;
    const char *text; /* of the latest of them; NULL: none */
    const char *time; /* of the first of them, ISO 8601 in UTC */
    const char *host; /* of the first; NULL: unknown */
    bool has_step;
    int64_t step;       /* of the first */
    int64_t alert_id;   /* of the first */
    int64_t rank;       /* of the first */
    int64_t ranks;      /* how many ranks raised it */
    int64_t world_size; /* how many the run has */
    int64_t alerts;     /* how many alerts they are */
};

struct payload {
    enum payload_form form;
    const struct payload_group *groups; /* most severe first. PAYLOAD_ALERTS: one. _TEST: none */
    size_t groups_n;                    /* at most PAYLOAD_GROUPS_MAX */
    int64_t groups_total;               /* with those that are not in groups */
    int64_t alerts_total;
    const char *dashboard; /* its base URL, from the configuration; "": no link */
};

/* Appends the body to out. Never larger than PAYLOAD_BYTES_MAX: longer texts are cut and end in an
 * ellipsis. Errors: ERR_MEMORY, ERR_TOO_LONG (out's maximum). */
enum err payload_render(enum payload_kind kind, const struct payload *payload,
                        struct buf *out) ERR_MUST_CHECK;

#endif
