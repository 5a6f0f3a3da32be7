/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/command.h"
#include "cli/ctx.h"
#include "cli/list.h"
#include "cli_sql.h"

enum exit_code cmd_keys_list(struct ctx *ctx) {
    const struct list list = {.key = "keys",
                              .empty = "No keys yet. See: tocsin keys client --help"};
    return list_show(ctx, &list, sql_list_keys, 0, NULL);
}
