/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/command.h"
#include "cli/ctx.h"
#include "cli/skill/skill.h"

enum exit_code cmd_skill_print(struct ctx *ctx) {
    if (!ctx->json) {
        fputs(skill_text(), ctx->out);
        return EXIT_OK;
    }
    struct json json;
    ctx_json_open(ctx, &json);
    json_member(&json, "skill", SKILL_NAME);
    json_member(&json, "text", skill_text());
    ctx_json_close(&json);
    return EXIT_OK;
}
