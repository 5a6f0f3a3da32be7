/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COLLECTOR_NOTIFY_PAYLOAD_H
#define COLLECTOR_NOTIFY_PAYLOAD_H

/* The JSON that is posted, with at least the fields and the look of Trackio's. Every text is
 * untrusted: it is escaped for its destination (notify/markup.h), so that it mentions nobody, links
 * nowhere and breaks no JSON, and cut at code points to the destination's limits. Pure.
 *
 * Slack: a header, a section, a context line and one with the link, all plain_text but the link,
 * and `text` for notifications. Discord: one embed, whose title is the link; nothing it contains
 * is allowed to mention. Generic: Trackio's flat fields, which existing receivers read, with
 * Standard Webhooks' `type` and what Trackio does not know; absent values are null:
 *   {type: "alert", level, title, text, project, run, step, timestamp,
 *    rank, ranks, world_size, host, alerts, alert_id, url}
 *   {type: "digest", ... the same; project and run only if all groups have the same ...
 *    groups_total, alerts_by_level: {info, warn, error}, command,
 *    groups: [{level, title, project, run, step, timestamp, rank, ranks, ...}]}
 *   {type: "test", ...}
 * Texts of a generic message are exact, since programs read them: hidden characters stand there as
 * JSON's \u escapes. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "schema/wire/buf.h"
#include "schema/wire/err.h"

enum payload_kind { PAYLOAD_SLACK, PAYLOAD_DISCORD, PAYLOAD_GENERIC, PAYLOAD_KINDS };
enum payload_form { PAYLOAD_ALERTS, PAYLOAD_DIGEST, PAYLOAD_TEST, PAYLOAD_FORMS };

/* As the tables of schema/sql/0006_webhooks.sql name them. */
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
    int64_t alerts_by_level[3]; /* info, warn, error: their sum is alerts_total; {0}: unknown */
    const char *time; /* of the message, ISO 8601 in UTC: a digest's and a test's; NULL: unknown */
    const char *dashboard; /* its base URL, from the configuration; "": no link */
};

/* Appends the body to out. Never larger than PAYLOAD_BYTES_MAX: longer texts are cut and end in an
 * ellipsis. Errors: ERR_MEMORY, ERR_TOO_LONG (out's maximum); out is as it was. */
enum err payload_render(enum payload_kind kind, const struct payload *payload,
                        struct buf *out) ERR_MUST_CHECK;

#endif
