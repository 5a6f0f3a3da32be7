/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/watch.h"

#include <poll.h>

#include "cli/db.h"
#include "schema/wire/clock.h"

static int64_t least(int64_t a, int64_t b) {
    return a < b ? a : b;
}

enum exit_code watch_listen(struct ctx *ctx, const char *sql) {
    struct why why = {""};
    const enum exit_code code = db_open(ctx);
    if (code != EXIT_OK) {
        return code;
    }
    const enum err err = pg_run(ctx->pg, sql, &why);
    return err == ERR_DB_UNREACHABLE ? db_fail(ctx, err, &why) : EXIT_OK;
}

static enum exit_code pause(struct ctx *ctx, int64_t until_ns) {
    bool notified = false;
    struct why why = {""};
    const enum err err = pg_wait(ctx->pg, until_ns, &notified, &why);
    return err == ERR_OK ? EXIT_OK : db_fail(ctx, err, &why);
}

/* The connection is gone: a new one, as soon as there is one. */
static void come_back(struct ctx *ctx, const char *sql, int64_t until_ns) {
    ctx_note("The database went away; waiting for it.");
    for (;;) {
        pg_close(ctx->pg);
        ctx->pg = NULL;
        const bool back = watch_listen(ctx, sql) == EXIT_OK;
        ctx_forget(ctx);
        if (back || clock_mono_ns() >= until_ns) {
            return;
        }
        poll(NULL, 0, (int)(WATCH_LOOK_AGAIN_NS / CLOCK_NS_PER_MS));
    }
}

enum exit_code watch_until(struct ctx *ctx, const char *sql, int64_t until_ns, watch_look *look,
                           void *context) {
    bool done = false;
    enum exit_code code = watch_listen(ctx, sql);
    if (code == EXIT_OK) {
        code = look(ctx, context, &done);
    }
    if (code == EXIT_UNREACHABLE) {
        return code;
    }
    while (!done && (code == EXIT_OK || code == EXIT_UNREACHABLE)) {
        const int64_t now_ns = clock_mono_ns();
        if (now_ns >= until_ns) {
            return EXIT_TIMEOUT;
        }
        if (code == EXIT_OK) {
            code = pause(ctx, least(until_ns, now_ns + WATCH_LOOK_AGAIN_NS));
        } else {
            come_back(ctx, sql, until_ns);
            code = EXIT_OK;
        }
        if (code == EXIT_OK) {
            code = look(ctx, context, &done);
        }
    }
    return code;
}
