/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/command.h"
#include "cli/records.h"
#include "cli_sql.h"

enum exit_code cmd_list_quarantine(struct ctx *ctx) {
    const struct records records = {
        .key = "quarantine",
        .sql = sql_list_quarantine,
        .wide = 2, /* the ids */
        .empty = "Nothing is in quarantine.",
    };
    return records_list(ctx, &records);
}
