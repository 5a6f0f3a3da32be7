/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/command.h"
#include "cli/records.h"
#include "cli_sql.h"

enum exit_code cmd_endpoint_list(struct ctx *ctx) {
    const struct records records = {
        .key = "endpoints",
        .sql = sql_list_endpoints,
        .wide = 6, /* last_message and what follows */
        .empty = "Alerts go nowhere yet. See: tocsin endpoint add --help",
    };
    return records_list_any(ctx, &records);
}
