/* SPDX-License-Identifier: Apache-2.0 */
/* What a client of tocsin mcp may send: lines, requests, and the arguments of tools up to the
 * command line that would be run. The first byte says in pieces of which size it comes. */

#include <string.h>

#include "cli/args.h"
#include "cli/mcp/answer.h"
#include "cli/mcp/arguments.h"
#include "cli/mcp/lines.h"
#include "cli/mcp/request.h"
#include "tests/fuzz/fuzz.h"

/* Whatever is answered is one line. */
static void check_answer(const struct request *request, enum rpc_code code, const char *text) {
    char *answer = NULL;
    size_t len = 0;
    FILE *file = open_memstream(&answer, &len);
    FUZZ_MUST(file != NULL);
    answer_error(file, request, code, text);
    FUZZ_MUST(fclose(file) == 0 && len > 0);
    FUZZ_MUST(memchr(answer, '\n', len) == answer + len - 1);
    free(answer);
}

/* The words are a command of the tool's path, or a sentence says why not. */
static void check_call(const struct request *request) {
    const char *name = request_text(request, "name");
    const struct tool *tool = name == NULL ? NULL : tools_find(name, true);
    struct json_t *object;
    if (tool == NULL || !request_object(request, "arguments", &object)) {
        return;
    }
    struct arguments arguments;
    struct args args;
    struct why why = {""};
    enum err err = arguments_build(tool, object, &arguments, &why);
    if (err == ERR_OK) {
        err = args_parse(arguments.words, &args, &why);
    }
    FUZZ_MUST(err == ERR_OK || why.text[0] != '\0');
    FUZZ_MUST(err != ERR_OK || args.command == tools_command(tool));
    FUZZ_MUST(err != ERR_OK || (!args.help && !args.version && !args_given(&args, "dsn")));
    arguments_fini(&arguments);
}

static void check_line(struct str line) {
    struct request request;
    struct why why = {""};
    const enum rpc_code code = request_parse(line, &request, &why);
    FUZZ_MUST(code == RPC_OK || why.text[0] != '\0');
    if (code != RPC_OK) {
        check_answer(&request, code, why.text);
    } else if (request.method != NULL && strcmp(request.method, "tools/call") == 0) {
        check_call(&request);
    }
    FUZZ_MUST(code != RPC_OK || !request_cancels(&request, &request) || request.id != NULL);
    request_fini(&request);
}

static size_t count_lines(const uint8_t *data, size_t size) {
    size_t n = 0;
    for (size_t i = 1; i < size; i++) {
        n += data[i] == '\n' && data[i - 1] != '\n';
    }
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2) {
        return 0;
    }
    const size_t piece = (size_t)data[0] + 1;
    const size_t wanted = count_lines(data + 1, size - 1);
    size_t n = 0;
    struct lines lines;
    struct str line;
    lines_init(&lines);
    for (size_t at = 1; at < size; at += piece) {
        lines_push(&lines, data + at, size - at < piece ? size - at : piece);
        enum lines_next next;
        while ((next = lines_next(&lines, &line)) != LINES_NONE) {
            n += next == LINES_ONE;
            FUZZ_MUST(next == LINES_ONE || size > LINES_BYTES_MAX);
            if (next == LINES_ONE) {
                FUZZ_MUST(line.len > 0 && memchr(line.ptr, '\n', line.len) == NULL);
                check_line(line);
            }
        }
    }
    FUZZ_MUST(n == wanted || size > LINES_BYTES_MAX);
    lines_fini(&lines);
    return 0;
}
