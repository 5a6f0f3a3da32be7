/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/command.h"
#include "cli/records.h"
#include "cli_sql.h"

enum exit_code cmd_silence_list(struct ctx *ctx) {
    const struct records records = {
        .key = "silences",
        .sql = sql_list_silences,
        .wide = 2, /* created, run_id */
        .empty = "Nothing is silenced.",
    };
    return records_list_any(ctx, &records);
}
