/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/mcp/call.h"

void call_run(struct inside *inside, const struct tool *tool, struct json_t *object,
              struct call *out) {
    struct why why = {""};
    *out = (struct call){.arguments = {.n = 0}};
    if (arguments_build(tool, object, &out->arguments, &why) != ERR_OK) {
        out->answer.code = ctx_fail(&out->answer.ctx, EXIT_USAGE, "%s", why.text);
        return;
    }
    const struct inside_rules rules = {
        .bytes_max = CALL_ANSWER_BYTES_MAX,
        .less = tool->less,
        .listen = out->arguments.wait_s > 0 ? tool->listen : NULL,
        .alone = tool->alone,
    };
    inside_run(inside, out->arguments.words, &rules, &out->answer);
}

void call_fini(struct call *call) {
    inside_answer_fini(&call->answer);
    arguments_fini(&call->arguments);
}

bool call_found_nothing(const struct call *call) {
    return call->arguments.wait_s > 0 && call->answer.document != NULL &&
           call->answer.ctx.rows == 0;
}
