/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_IMPORT_FOUND_H
#define CLI_IMPORT_FOUND_H

/* What the database has of a run that is imported. */

#include <stdbool.h>
#include <stdint.h>

#include "cli/command.h"
#include "cli/ctx.h"
#include "schema/wire/wire.h"

#define IMPORT_SERIES         2 /* enum wire_series */
#define IMPORT_NOTE_BYTES     32
#define IMPORT_PRODUCER_BYTES 40

/* Calls of one kind, and what the last import that came to its end noted about them. */
struct import_stored {
    uint64_t calls;
    uint64_t noted_calls; /* 0: nothing was noted */
    uint64_t noted_hash;
};

struct import_found {
    int64_t started_us;                   /* 0: there is no attempt */
    char producer[IMPORT_PRODUCER_BYTES]; /* of the newest attempt, hexadecimal; "": none */
    bool finished;
    uint64_t alerts;
    uint64_t lost; /* calls dropped, or refused by PostgreSQL: where they lay is not known */
    struct import_stored series[IMPORT_SERIES];
};

/* Where in the configuration the notes of a rank are. */
void import_found_key(uint32_t rank, char out[IMPORT_NOTE_BYTES]);
/* Looks, and closes the connection: an import may take hours. */
enum exit_code import_found_look(struct ctx *ctx, uint64_t run_id, uint32_t rank,
                                 struct import_found *out);

#endif
