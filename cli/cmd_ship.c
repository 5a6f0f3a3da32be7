/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>

#include "cli/bus.h"
#include "cli/command.h"
#include "cli/ctx.h"
#include "cli/json.h"

#define PAUSE_MS 5000 /* between two looks with --follow */

static void print_json(const struct ctx *ctx, const struct tocsin_ship_report *report) {
    const struct {
        const char *key;
        uint64_t value;
    } rows[] = {
        {"found", report->found},     {"delivered", report->delivered},
        {"refused", report->refused}, {"damaged", report->damaged},
        {"calls", report->calls},     {"events", report->events},
    };
    struct json json;
    ctx_json_open(ctx, &json);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        json_key(&json, rows[i].key);
        json_int(&json, (int64_t)rows[i].value);
    }
    ctx_json_close(&json);
}

static void print_text(const struct ctx *ctx, const struct tocsin_ship_report *report) {
    if (report->found == 0) {
        fprintf(ctx->out, "Nothing is left by processes that are gone.\n");
    } else {
        fprintf(ctx->out,
                "Delivered %" PRIu64 " of %" PRIu64 " runs: %" PRIu64 " calls, %" PRIu64
                " events.\n",
                report->delivered, report->found, report->calls, report->events);
    }
}

static const struct {
    enum tocsin_err err;
    enum exit_code code;
    const char *text;
} ends[] = {
    {TOCSIN_ERR_CONFIG, EXIT_USAGE, "nothing was shipped, see above"},
    {TOCSIN_ERR_TIMEOUT, EXIT_UNREACHABLE,
     "no collector took all of it; the rest stays where it is, try again later"},
    {TOCSIN_ERR_REFUSED, EXIT_NOT_FOUND,
     "the collector refuses some of it: the run that it continues does not exist"},
};

static enum exit_code end(struct ctx *ctx, const struct bus *bus, enum tocsin_err err) {
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        if (ends[i].err == err) {
            return ctx_fail(ctx, ends[i].code, "%s", ends[i].text);
        }
    }
    return err == TOCSIN_OK ? EXIT_OK : ctx_fail(ctx, EXIT_INTERNAL, "%s", bus->strerror(err));
}

static enum tocsin_err ship_once(struct ctx *ctx, const struct bus *bus,
                                 const struct tocsin_ship_options *options, bool always_print) {
    struct tocsin_ship_report report = {.size = sizeof report};
    const enum tocsin_err err = bus->ship(options, &report);
    if (err != TOCSIN_ERR_CONFIG && (always_print || report.delivered > 0 || report.damaged > 0)) {
        if (ctx->json) {
            print_json(ctx, &report);
        } else {
            print_text(ctx, &report);
        }
        fflush(ctx->out);
    }
    return err;
}

enum exit_code cmd_ship(struct ctx *ctx) {
    const char *dir = args_text(ctx->args, "dir");
    const struct tocsin_ship_options options = {.size = sizeof options,
                                                .ring_dir = dir,
                                                .spool_dir = dir,
                                                .endpoints = args_text(ctx->args, "endpoint")};
    struct bus bus;
    struct why why = {""};
    if (bus_load(&bus, &why) != ERR_OK) {
        return ctx_fail(ctx, EXIT_INTERNAL, "%s", why.text);
    }
    if (!args_given(ctx->args, "follow")) {
        return end(ctx, &bus, ship_once(ctx, &bus, &options, true));
    }
    enum tocsin_err err = ship_once(ctx, &bus, &options, false);
    while (err != TOCSIN_ERR_CONFIG && err != TOCSIN_ERR_ARGUMENT) {
        poll(NULL, 0, PAUSE_MS);
        err = ship_once(ctx, &bus, &options, false);
    }
    return end(ctx, &bus, err);
}
