/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/spool_place.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const struct wire_id STREAM = {{0xab, 1, 2, 3}};

void make_place(struct place *place, uint64_t limit_bytes) {
    struct why why = {""};
    memset(place, 0, sizeof *place);
    strcpy(place->path, "/dev/shm/test-spool-XXXXXX");
    assert_non_null(mkdtemp(place->path));
    assert_int_equal(spooldir_open(place->path, limit_bytes, &place->dir, &why), ERR_OK);
    buf_init(&place->items, WIRE_FRAME_BYTES_MAX);
}

size_t files_n(const struct place *place, const char *ending) {
    size_t n = 0;
    DIR *dir = opendir(place->path);
    for (struct dirent *e = readdir(dir); e != NULL; e = readdir(dir)) {
        const size_t len = strlen(e->d_name);
        n += len > strlen(ending) && strcmp(e->d_name + len - strlen(ending), ending) == 0;
    }
    closedir(dir);
    return n;
}

void remove_place(struct place *place) {
    char path[512];
    DIR *dir = opendir(place->path);
    for (struct dirent *e = readdir(dir); e != NULL; e = readdir(dir)) {
        snprintf(path, sizeof path, "%s/%s", place->path, e->d_name);
        unlink(path);
    }
    closedir(dir);
    assert_int_equal(rmdir(place->path), 0);
    spooldir_close(&place->dir);
    buf_fini(&place->items);
}

struct segment_label label(void) {
    return (struct segment_label){
        .hello = str_of("hello"), .endpoints = str_of("ipc:///e"), .ring_path = str_of("/ring")};
}

struct spool *make_spool(struct place *place, enum wire_lane lane) {
    const struct segment_label mine = label();
    struct spool *spool = spool_new(&place->dir, &STREAM, lane);
    assert_non_null(spool);
    assert_int_equal(spool_set_label(spool, &mine, NULL), ERR_OK);
    return spool;
}

struct segment_batch batch(uint64_t seq) {
    return (struct segment_batch){.seq = seq,
                                  .emitted = seq * (CALLS + 1),
                                  .dropped = seq,
                                  .dropped_before = seq - 1,
                                  .calls_before = (seq - 1) * CALLS,
                                  .calls = CALLS,
                                  .items = 1};
}

struct str items_of(uint64_t seq, size_t len) {
    static char bytes[WIRE_FRAME_BYTES_MAX];
    for (size_t i = 0; i < len; i++) {
        bytes[i] = (char)(seq * 31 + i);
    }
    return (struct str){.ptr = bytes, .len = len};
}

size_t len_of(uint64_t seq) {
    return 1 + seq * 7 % 40;
}

enum err append(struct spool *spool, uint64_t seq, size_t len) {
    const struct segment_batch b = batch(seq);
    return spool_append(spool, &b, items_of(seq, len), NULL);
}

void append_all(struct spool *spool, uint64_t first, uint64_t last) {
    for (uint64_t seq = first; seq <= last; seq++) {
        assert_int_equal(append(spool, seq, len_of(seq)), ERR_OK);
    }
}

size_t read_all(struct place *place, struct spool *spool, struct spool_mark *mark, uint64_t last) {
    struct segment_batch got;
    const uint64_t first = mark->seq;
    uint64_t calls = mark->calls - mark->lost;
    size_t whole = 0;
    uint64_t dropped = 0;
    while (spool_read(spool, mark, &place->items, &got)) {
        assert_int_equal(got.seq + 1, mark->seq);
        assert_true(got.dropped >= dropped);
        assert_int_equal(got.dropped, mark->dropped);
        assert_int_equal(got.dropped - got.dropped_before, got.items > 0);
        dropped = got.dropped;
        calls += got.calls;
        if (got.items > 0) {
            const struct str wanted = items_of(got.seq, len_of(got.seq));
            assert_int_equal(place->items.len, wanted.len);
            assert_memory_equal(place->items.ptr, wanted.ptr, wanted.len);
            whole++;
        } else {
            assert_int_equal(got.calls, 0);
            assert_int_equal(place->items.len, 0);
        }
        assert_true(got.seq - first <= last);
    }
    assert_int_equal(calls + mark->lost, mark->calls);
    return whole;
}
