/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/command.h"
#include "cli/records.h"
#include "cli_sql.h"

enum exit_code cmd_list_gaps(struct ctx *ctx) {
    const struct records records = {
        .key = "gaps",
        .sql = sql_list_gaps,
        .wide = 2, /* the ids */
        .empty = "No gaps: nothing was dropped.",
    };
    return records_list(ctx, &records);
}
