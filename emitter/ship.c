/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin_ship(): what is left by processes that are gone, delivered on request. */

#include <stdlib.h>
#include <string.h>

#include "emitter/endpoints.h"
#include "emitter/include/tocsin.h"
#include "emitter/keys.h"
#include "emitter/notice.h"
#include "emitter/orphans.h"
#include "emitter/ringfile.h"
#include "emitter/spooldir.h"
#include "schema/wire/clock.h"

#define PATIENCE_MS 10000

struct places {
    char rings[ORPHANS_RING_DIRS_MAX][PLACE_PATH_BYTES_MAX];
    char spool[PLACE_PATH_BYTES_MAX];
};

static const char *variable(const char *name) {
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

/* The directories to look in. False: there is no default place for one of them. */
static enum err find_places(const struct tocsin_ship_options *options, struct places *places,
                            struct orphans_spec *out, struct why *why) {
    enum err err = ERR_OK;
    out->ring_dirs[0] = options->ring_dir != NULL ? options->ring_dir : variable("TOCSIN_RING_DIR");
    out->spool_dir = options->spool_dir != NULL ? options->spool_dir : variable(SPOOLDIR_SETTING);
    if (out->ring_dirs[0] == NULL) {
        for (int i = 0; err == ERR_OK && i < RINGFILE_PLACES; i++) {
            err = ringfile_place(i, sizeof places->rings[i], places->rings[i], why);
            out->ring_dirs[i] = places->rings[i];
        }
    }
    if (err == ERR_OK && out->spool_dir == NULL) {
        err = spooldir_place(sizeof places->spool, places->spool, why);
        out->spool_dir = places->spool;
    }
    return err;
}

static enum err check_endpoints(const char *list, struct why *why) {
    struct endpoints endpoints;
    return list != NULL ? endpoints_parse(list, 0, &endpoints, why) : ERR_OK;
}

/* With the keys that a run of this environment would use. */
static enum err read_keys(const struct tocsin_ship_options *options, struct link_keys *out,
                          struct why *why) {
    const char *server = options->server_key;
    const char *file = options->key_file;
    return keys_read(server != NULL ? server : variable("TOCSIN_SERVER_KEY"),
                     file != NULL ? file : variable("TOCSIN_KEY_FILE"), out, why);
}

static enum tocsin_err verdict(const struct orphans_report *report) {
    if (report->refused > 0) {
        return TOCSIN_ERR_REFUSED;
    }
    return report->delivered == report->found ? TOCSIN_OK : TOCSIN_ERR_TIMEOUT;
}

enum tocsin_err tocsin_ship(const struct tocsin_ship_options *options,
                            struct tocsin_ship_report *out_report) {
    static const atomic_bool never;
    struct places places;
    struct tocsin_ship_options given = {.size = sizeof given};
    struct orphans_report report;
    struct why why = {""};
    if (options == NULL || out_report == NULL) {
        return TOCSIN_ERR_ARGUMENT;
    }
    memcpy(&given, options, options->size < sizeof given ? options->size : sizeof given);
    const int64_t patience_ms = given.patience_ms > 0 ? given.patience_ms : PATIENCE_MS;
    struct link_keys keys = {.server = ""};
    struct orphans_spec spec = {.endpoints = given.endpoints,
                                .keys = &keys,
                                .patience_ns = patience_ms * CLOCK_NS_PER_MS,
                                .cancel = &never,
                                .quiet = given.quiet};
    enum err err = check_endpoints(given.endpoints, &why);
    if (err == ERR_OK) {
        err = find_places(&given, &places, &spec, &why);
    }
    if (err == ERR_OK) {
        err = read_keys(&given, &keys, &why);
    }
    if (err != ERR_OK) {
        notice_say(given.quiet, "nothing shipped: %s", why.text);
        return TOCSIN_ERR_CONFIG;
    }
    orphans_deliver(&spec, &report);
    explicit_bzero(&keys, sizeof keys);
    const struct tocsin_ship_report told = {.size = out_report->size,
                                            .found = report.found,
                                            .delivered = report.delivered,
                                            .refused = report.refused,
                                            .damaged = report.damaged,
                                            .calls = report.calls,
                                            .events = report.events};
    memcpy(out_report, &told, out_report->size < sizeof told ? out_report->size : sizeof told);
    return verdict(&report);
}
