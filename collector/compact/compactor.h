/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COLLECTOR_COMPACT_COMPACTOR_H
#define COLLECTOR_COMPACT_COMPACTOR_H

/* The compactor thread: joins small blocks in the background (join.h), so that a series that came
 * one call at a time reads and costs like any other, and removes what is too old (retention.h). It
 * works its share of the time and rests the rest, whatever it waits for. Its connection is its own;
 * several collectors on one database share the work. While PostgreSQL is away it tries again once
 * in a while.
 */

#include <stdbool.h>
#include <stdint.h>

#include "collector/settings.h"
#include "schema/wire/err.h"

struct compactor;

/* settings are borrowed until compactor_stop(). With compaction_share 0 there is no thread, and
 * *out is NULL. ERR_MEMORY: no thread could be started. */
enum err compactor_start(const struct settings *settings, struct compactor **out,
                         struct why *why) ERR_MUST_CHECK;

/* Ends it after the transaction it is in, and frees. False: it is held up by PostgreSQL beyond
 * deadline_ns (monotonic) and still there. NULL is fine. */
bool compactor_stop(struct compactor *compactor, int64_t deadline_ns);

#endif
