/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_COND_H
#define CLI_COND_H

/* Conditions on runs, as --filter and --for take them: SUBJECT OPERATOR VALUE without blanks that
 * matter.
 *
 *     state=running   group=warmup   name~lr-*   user=ann   host=node7   tag=baseline   step>=1000
 *     silent>10m   config.optimizer.lr<0.01   metric:val/loss<0.5   min:val/loss<0.3
 * max:grad_norm>10 alert>=error
 *
 * Operators: = != < <= > >=, and ~ !~ where * stands for any text. metric: is the latest value,
 * min: and max: the extremes so far. PostgreSQL judges them (condition_holds in schema/sql). */

#include <stdbool.h>

#include "cli/ctx.h"

#define COND_SUBJECTS                                                                              \
    "state, group, name, user, host, tag, step, silent, config.KEY, metric:NAME, min:NAME, "       \
    "max:NAME, "                                                                                   \
    "alert"

struct cond {
    const char *subject; /* "state", "config", "metric" ... : a literal */
    const char *op;      /* a literal */
    char *name;          /* of the key or metric; "" for the others; owned, as is value */
    char *value;
};

/* option: named in the sentence about a malformed text. */
enum exit_code cond_parse(struct ctx *ctx, const char *option, const char *text, struct cond *out);
void cond_free(struct cond *cond);

/* What a run can be sorted by: a subject without operator and value. */
enum exit_code cond_parse_subject(struct ctx *ctx, const char *option, const char *text,
                                  struct cond *out);

/* The JSON array that the statements take: [{"subject", "name", "op", "value"}]. Gives. */
char *cond_json(int n, const struct cond *list);

/* All values of an option that may be repeated. */
struct conds {
    int n;
    struct cond *list; /* owned */
};
enum exit_code conds_read(struct ctx *ctx, const char *option, struct conds *out);
void conds_free(struct conds *conds);

/* Whether the subject is a metric's. */
bool cond_is_metric(const struct cond *cond);

#endif
