/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/compact/backlog.h"

#include "collector/compact/calls.h"
#include "collector/compact/plan.h"
#include "collector/param.h"
#include "collector_sql.h"

#define ENDED_QUIET_S 10 /* after its end a rank's last metrics may still be on their way */

enum { RUN_ID, KEYSET_ID, RANK, ATTEMPT, COLUMNS, QUIET, BACKLOG };

static void take_row(const struct pg_rows *rows, int row, struct backlog *out) {
    const int64_t columns = pg_int(rows, row, COLUMNS);
    if (columns < 1 || (size_t)columns > CALLS_VALUES_MAX) {
        return; /* not ours: no emitter can send such a keyset */
    }
    out->series[out->n++] = (struct series){.run_id = pg_int(rows, row, RUN_ID),
                                            .keyset_id = pg_int(rows, row, KEYSET_ID),
                                            .rank = pg_int(rows, row, RANK),
                                            .attempt = pg_int(rows, row, ATTEMPT),
                                            .columns = (uint32_t)columns,
                                            .quiet = pg_text(rows, row, QUIET)[0] == 't'};
}

enum err backlog_read(struct pg *pg, int64_t quiet_s, struct backlog *out, struct why *why) {
    struct param_i64 room[4];
    const struct pg_param params[] = {
        param_i64(PLAN_CALLS, &room[0]), param_i64(quiet_s, &room[1]),
        param_i64(quiet_s < ENDED_QUIET_S ? quiet_s : ENDED_QUIET_S, &room[2]),
        param_i64(BACKLOG_SERIES_MAX, &room[3])};
    struct pg_rows *rows = NULL;
    const enum err err = PARAM_RUN(pg, list_ripe_series, params, &rows, why);
    if (err != ERR_OK) {
        return err;
    }
    const int n = pg_rows_n(rows);
    out->n = 0;
    out->calls = n > 0 ? pg_int(rows, 0, BACKLOG) : 0;
    for (int i = 0; i < n; i++) {
        take_row(rows, i, out);
    }
    pg_rows_free(rows);
    return ERR_OK;
}
