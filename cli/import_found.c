/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/import_found.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/db.h"
#include "cli_sql.h"

enum column { STARTED, PRODUCER, FINISHED, ALERTS, CALLS, SYSTEM_CALLS, LOST, NOTES };

void import_found_key(uint32_t rank, char out[IMPORT_NOTE_BYTES]) {
    if (rank == 0) {
        snprintf(out, IMPORT_NOTE_BYTES, "_import");
    } else {
        snprintf(out, IMPORT_NOTE_BYTES, "_import_rank_%" PRIu32, rank);
    }
}

/* Notes are a user's text as well: what is no number is no note. */
static uint64_t note_of(const struct pg_rows *rows, int column, int base) {
    const char *text = pg_text(rows, 0, column);
    char *end = NULL;
    const uint64_t value = text != NULL ? strtoull(text, &end, base) : 0;
    return text != NULL && end != text && *end == '\0' ? value : 0;
}

static struct import_found read_row(const struct pg_rows *rows) {
    struct import_found found = {.started_us = pg_int(rows, 0, STARTED),
                                 .finished = pg_text(rows, 0, FINISHED)[0] == 't',
                                 .alerts = (uint64_t)pg_int(rows, 0, ALERTS),
                                 .lost = (uint64_t)pg_int(rows, 0, LOST)};
    const char *producer = pg_text(rows, 0, PRODUCER);
    snprintf(found.producer, sizeof found.producer, "%s", producer != NULL ? producer : "");
    for (int kind = 0; kind < IMPORT_SERIES; kind++) {
        found.series[kind] =
            (struct import_stored){.calls = (uint64_t)pg_int(rows, 0, CALLS + kind),
                                   .noted_calls = note_of(rows, NOTES + 2 * kind, 10),
                                   .noted_hash = note_of(rows, NOTES + 2 * kind + 1, 16)};
    }
    return found;
}

enum exit_code import_found_look(struct ctx *ctx, uint64_t run_id, uint32_t rank,
                                 struct import_found *out) {
    char run_text[24];
    char rank_text[24];
    char key[IMPORT_NOTE_BYTES];
    snprintf(run_text, sizeof run_text, "%" PRIu64, run_id);
    snprintf(rank_text, sizeof rank_text, "%" PRIu32, rank);
    import_found_key(rank, key);
    const struct pg_param params[] = {db_text(run_text), db_text(rank_text), db_text(key)};
    struct pg_rows *rows = NULL;
    const enum exit_code code = db_query(ctx, sql_find_import, 3, params, &rows);
    if (code == EXIT_OK) {
        *out = read_row(rows);
    }
    pg_rows_free(rows);
    pg_close(ctx->pg);
    ctx->pg = NULL;
    return code;
}
