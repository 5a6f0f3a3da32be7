/* SPDX-License-Identifier: Apache-2.0 */
#include "emitter/orphans.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "emitter/claims.h"
#include "emitter/courier.h"
#include "emitter/keysets.h"
#include "emitter/leader.h"
#include "emitter/notice.h"
#include "emitter/ringfile.h"
#include "emitter/streamname.h"

#define STREAMS_MAX 65536 /* in one directory */

struct streams {
    size_t n;
    size_t cap;
    struct wire_id *ids;
};

struct orphan {
    struct wire_id stream;
    struct ringfile file;
    struct backlog backlog;
    struct keysets *keysets;
    struct str endpoints; /* that its owner was given */
};

/* Finding */

static bool add(struct streams *streams, const struct wire_id *id) {
    if (streams->n == streams->cap) {
        const size_t cap = streams->cap > 0 ? 2 * streams->cap : 64;
        struct wire_id *ids = cap <= STREAMS_MAX ? realloc(streams->ids, cap * sizeof *ids) : NULL;
        if (ids == NULL) {
            return false;
        }
        streams->ids = ids;
        streams->cap = cap;
    }
    streams->ids[streams->n++] = *id;
    return true;
}

static bool parse_ring_name(const char *name, struct wire_id *out) {
    return streamname_parse(name, out) && strcmp(name + STREAMNAME_DIGITS, ".ring") == 0;
}

static void find_rings(const char *dir, struct streams *out) {
    DIR *handle = opendir(dir);
    struct wire_id id;
    if (handle == NULL) {
        return;
    }
    for (struct dirent *e = readdir(handle); e != NULL; e = readdir(handle)) {
        if (parse_ring_name(e->d_name, &id) && !add(out, &id)) {
            break;
        }
    }
    closedir(handle);
}

static bool collect(void *context, const struct spooldir_segment *segment) {
    return add(context, &segment->stream);
}

static int by_bytes(const void *a, const void *b) {
    return memcmp(a, b, sizeof(struct wire_id));
}

static void find_spools(const char *path, struct streams *out) {
    struct spooldir dir;
    if (access(path, R_OK) != 0 || spooldir_open(path, 0, &dir, NULL) != ERR_OK) {
        return;
    }
    spooldir_each(&dir, collect, out);
    spooldir_close(&dir);
    if (out->n > 1) {
        qsort(out->ids, out->n, sizeof *out->ids, by_bytes);
    }
}

/* Delivering */

static uint64_t acknowledged(const struct orphan *orphan, enum wire_lane lane) {
    return atomic_load(&orphan->file.header->lanes[lane].acked_calls);
}

static enum err start_courier(const struct orphans_spec *spec, struct orphan *orphan,
                              struct courier **out, struct why *why) {
    const struct str bytes = ringfile_hello(&orphan->file);
    char list[WIRE_URL_BYTES_MAX + 1];
    struct endpoints endpoints;
    struct wire_frame hello;
    snprintf(list, sizeof list, "%.*s", (int)orphan->endpoints.len, orphan->endpoints.ptr);
    enum err err = wire_decode(bytes.ptr, bytes.len, &hello);
    if (err != ERR_OK || hello.kind != WIRE_HELLO) {
        return why_set(why, ERR_VALUE, "what a run left does not say whose it is");
    }
    err = endpoints_parse(spec->endpoints != NULL ? spec->endpoints : list, hello.hello.run_id,
                          &endpoints, why);
    if (err != ERR_OK) {
        return err;
    }
    const struct courier_spec courier = {.file = &orphan->file,
                                         .keysets = orphan->keysets,
                                         .hello = &hello.hello,
                                         .endpoints = &endpoints,
                                         .backlog = &orphan->backlog,
                                         .keys = spec->keys,
                                         .quiet = true};
    return courier_start(&courier, out, why);
}

static void free_orphan(struct orphan *orphan, bool keep) {
    backlog_close(&orphan->backlog, NULL, false);
    keysets_free(orphan->keysets);
    if (orphan->file.header != NULL) {
        ringfile_close(&orphan->file, keep);
    }
    claims_remove(&orphan->stream);
    free(orphan);
}

/* Takes the orphan. */
static void deliver(const struct orphans_spec *spec, struct orphan *orphan,
                    struct orphans_report *report) {
    struct courier *courier = NULL;
    struct why why;
    const uint64_t calls = acknowledged(orphan, WIRE_LANE_METRICS);
    const uint64_t events = acknowledged(orphan, WIRE_LANE_EVENTS);
    orphan->keysets = keysets_new(orphan->file.keysets);
    report->found++;
    if (orphan->keysets == NULL || start_courier(spec, orphan, &courier, &why) != ERR_OK) {
        free_orphan(orphan, true);
        return;
    }
    const enum courier_end how = courier_deliver(courier, spec->patience_ns, spec->cancel);
    report->calls += acknowledged(orphan, WIRE_LANE_METRICS) - calls;
    report->events += acknowledged(orphan, WIRE_LANE_EVENTS) - events;
    report->delivered += how == COURIER_DELIVERED;
    report->refused += how == COURIER_REFUSED;
    if (how != COURIER_STUCK) { /* else its thread still uses it, and it stays claimed */
        free_orphan(orphan, how != COURIER_DELIVERED);
    }
}

static bool is_wanted(const struct orphans_spec *spec, const struct orphan *orphan) {
    return spec->only == NULL || str_equal(orphan->endpoints, str_of(spec->only));
}

/* The spool of an orphan that has a ring: where its owner had it. False: it is not to be had, and
 * then the ring must wait too. */
static bool open_spool_of_ring(struct orphan *orphan) {
    bool any;
    const char *dir = orphan->file.texts->spool_dir;
    return dir[0] == '\0' ||
           backlog_recover(&orphan->backlog, &orphan->stream, dir, &any, NULL) == ERR_OK;
}

static void take_ring(const struct orphans_spec *spec, const char *path, struct orphan *orphan,
                      struct orphans_report *report) {
    struct why why;
    const enum err err = ringfile_open(path, &orphan->file, &why);
    if (err == ERR_VALUE) {
        report->damaged++;
        notice_say(spec->quiet, "%s", why.text);
    }
    if (err != ERR_OK) {
        orphan->file.header = NULL;
        free_orphan(orphan, true);
        return;
    }
    orphan->endpoints = str_of(orphan->file.texts->endpoints);
    if (!is_wanted(spec, orphan) || !open_spool_of_ring(orphan)) {
        free_orphan(orphan, true);
        return;
    }
    deliver(spec, orphan, report);
}

/* A spool whose ring is gone. If the ring is there its owner lives, or it is delivered with it. */
static void take_spool(const struct orphans_spec *spec, struct orphan *orphan,
                       struct orphans_report *report) {
    bool any;
    if (backlog_recover(&orphan->backlog, &orphan->stream, spec->spool_dir, &any, NULL) != ERR_OK) {
        free_orphan(orphan, true);
        return;
    }
    const struct spool *events = orphan->backlog.spools[WIRE_LANE_EVENTS];
    const struct spool *metrics = orphan->backlog.spools[WIRE_LANE_METRICS];
    const struct segment_label *label =
        spool_last(events).seq > 0 && spool_label(events)->generation == orphan->backlog.generation
            ? spool_label(events)
            : spool_label(metrics);
    char ring[PLACE_PATH_BYTES_MAX + 1];
    snprintf(ring, sizeof ring, "%.*s", (int)label->ring_path.len, label->ring_path.ptr);
    orphan->endpoints = label->endpoints;
    if (!any || access(ring, F_OK) == 0 || !is_wanted(spec, orphan) ||
        ringfile_for_spool(label->hello, &orphan->file) != ERR_OK) {
        orphan->file.header = NULL;
        free_orphan(orphan, true);
        return;
    }
    deliver(spec, orphan, report);
}

static struct orphan *claim(const struct wire_id *stream) {
    if (!claims_add(stream)) {
        return NULL;
    }
    struct orphan *orphan = calloc(1, sizeof *orphan);
    if (orphan == NULL) {
        claims_remove(stream);
        return NULL;
    }
    orphan->stream = *stream;
    return orphan;
}

static void deliver_rings(const struct orphans_spec *spec, const char *dir,
                          struct orphans_report *report) {
    struct streams streams = {.n = 0};
    find_rings(dir, &streams);
    for (size_t i = 0; i < streams.n && !atomic_load(spec->cancel); i++) {
        char path[PLACE_PATH_BYTES_MAX];
        char hex[STREAMNAME_DIGITS + 1];
        streamname_put(&streams.ids[i], hex);
        const int n = snprintf(path, sizeof path, "%s/%s.ring", dir, hex);
        struct orphan *orphan = n > 0 && (size_t)n < sizeof path ? claim(&streams.ids[i]) : NULL;
        if (orphan != NULL) {
            take_ring(spec, path, orphan, report);
        }
    }
    free(streams.ids);
}

static void deliver_spools(const struct orphans_spec *spec, struct orphans_report *report) {
    struct streams streams = {.n = 0};
    find_spools(spec->spool_dir, &streams);
    for (size_t i = 0; i < streams.n && !atomic_load(spec->cancel); i++) {
        const bool again = i > 0 && by_bytes(&streams.ids[i], &streams.ids[i - 1]) == 0;
        struct orphan *orphan = again ? NULL : claim(&streams.ids[i]);
        if (orphan != NULL) {
            take_spool(spec, orphan, report);
        }
    }
    free(streams.ids);
}

void orphans_deliver(const struct orphans_spec *spec, struct orphans_report *out) {
    *out = (struct orphans_report){0};
    for (int i = 0; i < ORPHANS_RING_DIRS_MAX; i++) {
        if (spec->ring_dirs[i] != NULL) {
            deliver_rings(spec, spec->ring_dirs[i], out);
            leader_sweep(spec->ring_dirs[i]);
        }
    }
    if (spec->spool_dir != NULL) {
        deliver_spools(spec, out);
    }
}
