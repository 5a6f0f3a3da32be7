/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/mcp/session.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "cli/exits.h"
#include "cli/mcp/answer.h"
#include "cli/mcp/call.h"
#include "cli/mcp/lines.h"
#include "cli/mcp/methods.h"
#include "cli/mcp/request.h"
#include "cli/mcp/tools.h"
#include "cli/watch.h"
#include "schema/db/pg.h"
#include "schema/wire/clock.h"

#define WAITS_MAX 16

/* A call that found nothing yet. */
struct wait {
    const struct tool *tool;
    struct request request; /* owned */
    int64_t until_ns;
};

struct session {
    const struct session_options *options;
    FILE *output;
    struct inside inside;
    struct lines lines;
    int waits_n;
    struct wait waits[WAITS_MAX]; /* in the order in which they came */
    int64_t look_ns;              /* when they are looked at again, whatever is heard */
};

/* Its arguments were seen to be an object. */
static void run_call(struct session *s, const struct tool *tool, const struct request *request,
                     struct call *out) {
    struct json_t *arguments = NULL;
    (void)request_object(request, "arguments", &arguments);
    call_run(&s->inside, tool, arguments, out);
}

static void too_many(struct session *s, const struct request *request) {
    struct call call = {.answer = {.code = EXIT_TIMEOUT}};
    ctx_fail(&call.answer.ctx, EXIT_TIMEOUT, "%d calls wait already.", WAITS_MAX);
    ctx_hint(&call.answer.ctx, EXIT_TIMEOUT, "Ask again when one of them is answered.");
    methods_answer_call(s->output, request, &call.answer);
    call_fini(&call);
}

/* Takes the request. */
static void set_aside(struct session *s, const struct tool *tool, struct request *request,
                      int64_t wait_s) {
    const int64_t now_ns = clock_mono_ns();
    if (s->waits_n == 0) {
        s->look_ns = now_ns + WATCH_LOOK_AGAIN_NS;
    }
    s->waits[s->waits_n++] = (struct wait){
        .tool = tool, .request = *request, .until_ns = now_ns + wait_s * CLOCK_NS_PER_S};
    *request = (struct request){.message = NULL};
}

static void call_tool(struct session *s, const struct tool *tool, struct request *request) {
    struct call call;
    run_call(s, tool, request, &call);
    if (!call_found_nothing(&call)) {
        methods_answer_call(s->output, request, &call.answer);
    } else if (s->waits_n == WAITS_MAX) {
        too_many(s, request);
    } else {
        set_aside(s, tool, request, call.arguments.wait_s);
    }
    call_fini(&call);
}

static void check_call(struct session *s, struct request *request) {
    const char *name = request_text(request, "name");
    const struct tool *tool = name == NULL ? NULL : tools_find(name, s->options->writes);
    struct json_t *arguments;
    if (tool == NULL) {
        answer_error(s->output, request, RPC_INVALID_PARAMS,
                     name == NULL ? "name is missing." : "There is no such tool.");
    } else if (!request_object(request, "arguments", &arguments)) {
        answer_error(s->output, request, RPC_INVALID_PARAMS, "arguments is an object.");
    } else {
        call_tool(s, tool, request);
    }
}

static void serve(struct session *s, struct request *request) {
    if (strcmp(request->method, "tools/call") == 0) {
        check_call(s, request);
    } else {
        methods_answer(s->output, request, s->options->writes);
    }
}

/* Waiting */

static void forget_wait(struct session *s, int i) {
    request_fini(&s->waits[i].request);
    s->waits_n--;
    memmove(s->waits + i, s->waits + i + 1, (size_t)(s->waits_n - i) * sizeof *s->waits);
}

static void cancel(struct session *s, const struct request *notice) {
    for (int i = s->waits_n - 1; i >= 0; i--) {
        if (request_cancels(notice, &s->waits[i].request)) {
            forget_wait(s, i);
        }
    }
}

/* A database that went away may come back in time. */
static bool may_come(const struct call *call) {
    return call_found_nothing(call) ||
           (call->answer.document == NULL && exits_find(call->answer.code)->retryable);
}

/* True: it is answered. */
static bool look_at(struct session *s, const struct wait *wait) {
    struct call call;
    run_call(s, wait->tool, &wait->request, &call);
    const bool done = !may_come(&call) || clock_mono_ns() >= wait->until_ns;
    if (done) {
        methods_answer_call(s->output, &wait->request, &call.answer);
    }
    call_fini(&call);
    return done;
}

static void look_at_waits(struct session *s) {
    for (int i = 0; i < s->waits_n;) {
        if (look_at(s, &s->waits[i])) {
            forget_wait(s, i);
        } else {
            i++;
        }
    }
    s->look_ns = clock_mono_ns() + WATCH_LOOK_AGAIN_NS;
}

/* When the waits are to be looked at. */
static int64_t next_look_ns(const struct session *s) {
    int64_t next_ns = s->waits_n > 0 ? s->look_ns : WATCH_FOREVER;
    for (int i = 0; i < s->waits_n; i++) {
        next_ns = s->waits[i].until_ns < next_ns ? s->waits[i].until_ns : next_ns;
    }
    return next_ns;
}

/* Input */

/* A notice gets no answer, whatever is wrong with it; what cannot be told from a request does. */
static void take_line(struct session *s, struct str line) {
    struct request request;
    struct why why = {""};
    const enum rpc_code code = request_parse(line, &request, &why);
    if (code != RPC_OK && (request.id != NULL || request.method == NULL)) {
        answer_error(s->output, &request, code, why.text);
    } else if (code == RPC_OK && request.method != NULL && request.id != NULL) {
        serve(s, &request);
    } else if (code == RPC_OK && request.method != NULL &&
               strcmp(request.method, "notifications/cancelled") == 0) {
        cancel(s, &request);
    }
    request_fini(&request);
}

static void take_lines(struct session *s) {
    static const struct request unread = {.message = NULL};
    struct str line;
    enum lines_next next;
    while ((next = lines_next(&s->lines, &line)) != LINES_NONE) {
        if (next == LINES_ONE) {
            take_line(s, line);
        } else {
            answer_error(s->output, &unread, RPC_INVALID_REQUEST,
                         "The message is longer than 1 MiB.");
        }
    }
}

/* False: the input has ended. */
static bool read_input(struct session *s, int input) {
    char bytes[LINES_PUSH_MAX];
    const ssize_t n = read(input, bytes, sizeof bytes);
    if (n < 0) {
        return errno == EINTR || errno == EAGAIN;
    }
    /* The last line may lack its end. */
    lines_push(&s->lines, n > 0 ? bytes : "\n", n > 0 ? (size_t)n : 1);
    take_lines(s);
    return n > 0;
}

static int timeout_ms(int64_t until_ns) {
    if (until_ns == WATCH_FOREVER) {
        return -1;
    }
    const int64_t left_ns = until_ns - clock_mono_ns();
    return left_ns <= 0 ? 0 : (int)(left_ns / CLOCK_NS_PER_MS) + 1;
}

/* The connection is read even when nobody waits: PostgreSQL keeps for it what it is not told. */
static bool turn(struct session *s, int input) {
    const int connection = s->inside.pg != NULL ? pg_socket(s->inside.pg) : -1;
    struct pollfd sources[] = {{.fd = input, .events = POLLIN},
                               {.fd = connection, .events = POLLIN}};
    poll(sources, 2, timeout_ms(next_look_ns(s)));
    if (sources[0].revents != 0 && !read_input(s, input)) {
        return false;
    }
    if (inside_hear(&s->inside) || clock_mono_ns() >= next_look_ns(s)) {
        look_at_waits(s);
    }
    return ferror(s->output) == 0;
}

bool session_run(int input, FILE *output, const struct session_options *options) {
    struct session s = {.options = options, .output = output, .inside = {.dsn = options->dsn}};
    lines_init(&s.lines);
    while (turn(&s, input)) {
    }
    while (s.waits_n > 0) {
        forget_wait(&s, s.waits_n - 1);
    }
    lines_fini(&s.lines);
    inside_fini(&s.inside);
    return ferror(output) == 0;
}
