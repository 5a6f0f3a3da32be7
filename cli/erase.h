/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_ERASE_H
#define CLI_ERASE_H

/* Deletes runs and projects in short transactions, so that nobody waits for it: each takes so many
 * rows that it takes some 50 ms. It may be interrupted at any moment; what is left is found again,
 * and the same call goes on. Memory: none that grows. As tocsin_owner.
 *
 * The order is what makes that safe (schema/sql/0009_housekeeping.sql): mark, producers, rows, and
 * the row that carries the mark last. */

#include <stdbool.h>
#include <stdint.h>

#include "cli/command.h"
#include "cli/ctx.h"

struct erase {
    struct ctx *ctx;
    int64_t blocks_total; /* of all runs that will be deleted, for the progress on a terminal */
    int64_t blocks;       /* deleted so far */
    int64_t told_ns;
    int64_t rows; /* of the next transaction */
};

enum exit_code erase_start(struct ctx *ctx, int64_t blocks_total, struct erase *out);

/* How a run was when it was looked at; NULL: deleted however it is. */
struct erase_seen {
    const char *state;
    const char *last_seen;
};

/* *out_gone_on: nothing was deleted, for the run has gone on since then. A run that is no more is
 * no error. */
enum exit_code erase_run(struct erase *erase, const char *run_id, struct erase_seen seen,
                         bool *out_gone_on);
/* With all runs that it has, also those that came since somebody looked. */
enum exit_code erase_project(struct erase *erase, const char *project_id);

#endif
