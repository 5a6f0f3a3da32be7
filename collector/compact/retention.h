/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COLLECTOR_COMPACT_RETENTION_H
#define COLLECTOR_COMPACT_RETENTION_H

/* Removes what is older than its project keeps (schema/sql/0013_retention.sql): raw values that are
 * rolled, roll-ups without raw values, alerts of which nothing is to be sent. A round goes through
 * all series, another through all runs, once an hour and when the policy changed. How far it is
 * stands in the database: of several collectors one goes on at a time, and whoever is killed leaves
 * the rest to the next. Waits for nobody who compacts or deletes. Thread compactor only. */

#include <stdbool.h>

#include "schema/db/pg.h"
#include "schema/wire/err.h"

/* One transaction of some 50 ms at most. out_more: a round is under way. After an error the
 * transaction may still be open: ROLLBACK. Errors: those of pg_prepared(). */
enum err retention_apply(struct pg *pg, bool *out_more, struct why *why) ERR_MUST_CHECK;

#endif
