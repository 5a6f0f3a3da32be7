/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/ctx.h"
#include "cli/dashboard/route.h"
#include "cli/dashboard/server.h"
#include "cli/db.h"
#include "cli/find.h"

struct show {
    struct ctx *ctx;
    const char *host;
    struct site site;
    struct server *server;
};

static enum exit_code read_guard(struct show *s) {
    const char *token = args_text(s->ctx->args, "token");
    struct why why = {""};
    s->site.guard.loopback = server_is_loopback(s->host);
    if (token != NULL && (token[0] == '\0' || strlen(token) > GUARD_TOKEN_BYTES_MAX ||
                          strspn(token, "0123456789abcdefghijklmnopqrstuvwxyz"
                                        "ABCDEFGHIJKLMNOPQRSTUVWXYZ-_.") != strlen(token))) {
        return ctx_fail(s->ctx, EXIT_USAGE,
                        "--token is 1 to %d letters, digits, dots, hyphens and underscores.",
                        GUARD_TOKEN_BYTES_MAX);
    }
    if (token != NULL) {
        snprintf(s->site.guard.token, sizeof s->site.guard.token, "%s", token);
    } else if (!s->site.guard.loopback && guard_make_token(&s->site.guard, &why) != ERR_OK) {
        return ctx_fail(s->ctx, EXIT_INTERNAL, "%s", why.text);
    }
    return EXIT_OK;
}

/* What is wrong should be said here and not in a browser. */
static enum exit_code check_database(struct show *s) {
    return args_given(s->ctx->args, "project") ? find_project(s->ctx) : db_open(s->ctx);
}

static void print_place(const struct show *s) {
    const bool v6 = strchr(s->host, ':') != NULL;
    const bool any = strcmp(s->host, "0.0.0.0") == 0 || strcmp(s->host, "::") == 0;
    const char *host = any ? "THIS-MACHINE" : s->host;
    const char *token = s->site.guard.token;
    fprintf(s->ctx->out, "The dashboard is at http://%s%s%s:%d/%s%s\n", v6 && !any ? "[" : "", host,
            v6 && !any ? "]" : "", server_port(s->server), token[0] != '\0' ? "?token=" : "",
            token);
    if (!s->site.guard.loopback) {
        ctx_note("Whoever has this address sees everything. It is not encrypted: on a network that "
                 "others use, put it behind a proxy with TLS, or use ssh -L.");
    }
    fflush(s->ctx->out);
}

/* Until somebody ends it. The signals are blocked in all threads, which were made after this. */
static void wait_for_end(const sigset_t *signals) {
    while (sigwaitinfo(signals, NULL) < 0 && errno == EINTR) {
    }
}

static enum exit_code serve(struct show *s, const sigset_t *signals) {
    struct why why = {""};
    enum err err = hub_start(s->ctx->dsn, &s->site.hub, &why);
    if (err == ERR_OK) {
        err =
            server_start(s->host, (int)args_int(s->ctx->args, "port"), &s->site, &s->server, &why);
    }
    if (err == ERR_OK) {
        print_place(s);
        wait_for_end(signals);
    }
    if (s->site.hub != NULL) {
        hub_stop(s->site.hub);
    }
    server_stop(s->server);
    hub_free(s->site.hub);
    return err == ERR_OK ? EXIT_OK : ctx_fail(s->ctx, EXIT_USAGE, "%s.", why.text);
}

enum exit_code cmd_show(struct ctx *ctx) {
    struct show s = {.ctx = ctx, .host = args_text(ctx->args, "host")};
    sigset_t signals;
    enum exit_code code = read_guard(&s);
    if (code == EXIT_OK) {
        code = check_database(&s);
    }
    if (code != EXIT_OK) {
        return code;
    }
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    s.site.dsn = ctx->dsn;
    s.site.project = args_text(ctx->args, "project");
    s.site.pool = pool_new(ctx->dsn);
    code = serve(&s, &signals);
    pool_free(s.site.pool);
    return code;
}
