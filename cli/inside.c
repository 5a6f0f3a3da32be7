/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/inside.h"

#include <stdlib.h>
#include <string.h>

#include "cli/args.h"
#include "cli/exits.h"
#include "cli/watch.h"
#include "schema/db/pg.h"

#define FIRST_BYTES ((size_t)4096)

/* A stream into memory that takes no more than its limit: then writing to it fails. */
struct capture {
    FILE *file;
    char *bytes;
    size_t len;
    size_t size;
    size_t max;
    bool full;
};

static bool make_room(struct capture *capture, size_t len) {
    if (len > capture->max - capture->len) {
        return false;
    }
    while (capture->size - capture->len < len + 1) {
        capture->size *= 2;
        capture->bytes = realloc(capture->bytes, capture->size);
        if (capture->bytes == NULL) {
            abort();
        }
    }
    return true;
}

static ssize_t capture_write(void *context, const char *bytes, size_t len) {
    struct capture *capture = context;
    capture->full = capture->full || !make_room(capture, len);
    if (capture->full) {
        return 0;
    }
    memcpy(capture->bytes + capture->len, bytes, len);
    capture->len += len;
    return (ssize_t)len;
}

static void capture_open(struct capture *out, size_t max) {
    *out = (struct capture){.bytes = malloc(FIRST_BYTES), .size = FIRST_BYTES, .max = max};
    out->file = fopencookie(out, "w", (cookie_io_functions_t){.write = capture_write});
    if (out->file == NULL || out->bytes == NULL) {
        abort();
    }
}

static void capture_close(struct capture *capture, struct inside_answer *answer) {
    fclose(capture->file); /* fails if it is full */
    if (capture->len == 0 || capture->full) {
        free(capture->bytes);
        return;
    }
    answer->len = capture->len - (capture->bytes[capture->len - 1] == '\n');
    capture->bytes[answer->len] = '\0';
    answer->document = capture->bytes;
}

static void run_command(const struct args *args, const struct inside_rules *rules,
                        struct inside_answer *answer) {
    struct capture capture;
    capture_open(&capture, rules->bytes_max);
    answer->ctx.args = args;
    answer->ctx.out = capture.file;
    answer->code = rules->listen != NULL ? watch_listen(&answer->ctx, rules->listen) : EXIT_OK;
    if (answer->code == EXIT_OK) {
        answer->code = args->command->run(&answer->ctx);
    }
    capture_close(&capture, answer);
    if (capture.full) {
        ctx_fail(&answer->ctx, EXIT_USAGE, "The answer is longer than %zu KiB.",
                 rules->bytes_max / 1024);
        answer->code = ctx_hint(&answer->ctx, EXIT_USAGE, "Ask for less: %s.", rules->less);
    }
}

static void drop(struct inside *inside) {
    pg_close(inside->pg);
    inside->pg = NULL;
}

/* Commands leave the connection as it is: their process would end. The next one finds it as if it
 * were new, except that it still listens. */
static void take_back(struct inside *inside, struct inside_answer *answer) {
    struct why why = {""};
    inside->pg = answer->ctx.pg;
    inside->private = answer->ctx.private;
    answer->ctx.pg = NULL;
    if (inside->pg != NULL &&
        (answer->code == EXIT_UNREACHABLE || pg_run(inside->pg, "rollback", &why) != ERR_OK)) {
        drop(inside);
    }
}

static void run_shared(struct inside *inside, const struct args *args,
                       const struct inside_rules *rules, struct inside_answer *answer) {
    const bool kept = inside->pg != NULL;
    answer->ctx.pg = inside->pg;
    answer->ctx.private = inside->private;
    run_command(args, rules, answer);
    take_back(inside, answer);
    if (kept && answer->code == EXIT_UNREACHABLE) {
        /* It had gone before the question was asked. */
        free(answer->document);
        answer->document = NULL;
        ctx_forget(&answer->ctx);
        run_command(args, rules, answer);
        take_back(inside, answer);
    }
}

/* An answer, or a sentence that says why there is none. `status` answers also when the news is bad:
 * then there is a code without a sentence. */
static void settle(struct inside_answer *answer) {
    const bool failed = answer->code != EXIT_OK && answer->ctx.error != NULL;
    if (failed) {
        free(answer->document);
        answer->document = NULL;
    } else if (answer->document == NULL) {
        ctx_fail(&answer->ctx, answer->code, "%s", exits_find(answer->code)->text);
    }
}

void inside_run(struct inside *inside, char **words, const struct inside_rules *rules,
                struct inside_answer *out) {
    struct args args;
    struct why why = {""};
    *out = (struct inside_answer){.ctx = {.dsn = inside->dsn, .json = true, .compact = true}};
    if (args_parse(words, &args, &why) != ERR_OK) {
        out->code = ctx_fail(&out->ctx, EXIT_USAGE, "%s", why.text);
    } else if (args.command == NULL || args.help || args.version) {
        out->code = ctx_fail(&out->ctx, EXIT_USAGE, "That is no command that answers.");
    } else if (rules->alone) {
        run_command(&args, rules, out);
    } else {
        run_shared(inside, &args, rules, out);
    }
    out->ctx.args = NULL; /* they end here */
    out->ctx.out = NULL;
    settle(out);
}

void inside_answer_fini(struct inside_answer *answer) {
    ctx_fini(&answer->ctx);
    free(answer->document);
    answer->document = NULL;
}

bool inside_hear(struct inside *inside) {
    struct why why = {""};
    bool notified = false;
    if (inside->pg != NULL && pg_wait(inside->pg, 0, &notified, &why) != ERR_OK) {
        drop(inside);
        return true;
    }
    return notified;
}

void inside_fini(struct inside *inside) {
    drop(inside);
}
