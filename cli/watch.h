/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_WATCH_H
#define CLI_WATCH_H

/* Waiting for something in the database. LISTEN is the hint that something may have changed;
 * looking again is the truth, and happens every second whatever was heard: a pooler or a standby
 * may swallow notifications. */

#include <stdbool.h>
#include <stdint.h>

#include "cli/ctx.h"
#include "schema/wire/clock.h"

/* What is told about, by tocsind and in the transaction that stores it. */
#define WATCH_ALERTS "listen tocsin_alerts"
#define WATCH_RUNS   "listen tocsin_runs; listen tocsin_alerts" /* states, metrics, alerts */

#define WATCH_FOREVER       INT64_MAX
#define WATCH_LOOK_AGAIN_NS CLOCK_NS_PER_S

/* Looks once. out_done: what was waited for is there. */
typedef enum exit_code watch_look(struct ctx *ctx, void *context, bool *out_done);

/* Is told from now on. Before the first look, so that nothing falls between the two. A standby
 * cannot listen, which is no error: then there are only the looks. */
enum exit_code watch_listen(struct ctx *ctx, const char *listen);

/* Looks, and until it is done waits and looks again, until until_ns (monotonic). A database that
 * goes away in the meantime is waited for too; one that is not there at first is an error.
 * EXIT_TIMEOUT, without a sentence: the time is over. */
enum exit_code watch_until(struct ctx *ctx, const char *listen, int64_t until_ns, watch_look *look,
                           void *context);

#endif
