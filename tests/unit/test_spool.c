/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "emitter/owndir.h"
#include "emitter/spool.h"

#define CALLS 3U /* in each batch */

static const struct wire_id STREAM = {{0xab, 1, 2, 3}};

struct place {
    char path[64];
    struct spooldir dir;
    struct buf items;
};

static void make_place(struct place *place, uint64_t limit_bytes) {
    struct why why = {""};
    memset(place, 0, sizeof *place);
    strcpy(place->path, "/dev/shm/test-spool-XXXXXX");
    assert_non_null(mkdtemp(place->path));
    assert_int_equal(spooldir_open(place->path, limit_bytes, &place->dir, &why), ERR_OK);
    buf_init(&place->items, WIRE_FRAME_BYTES_MAX);
}

/* The names in the directory that end in so. */
static size_t files_n(const struct place *place, const char *ending) {
    size_t n = 0;
    DIR *dir = opendir(place->path);
    for (struct dirent *e = readdir(dir); e != NULL; e = readdir(dir)) {
        const size_t len = strlen(e->d_name);
        n += len > strlen(ending) && strcmp(e->d_name + len - strlen(ending), ending) == 0;
    }
    closedir(dir);
    return n;
}

static void remove_place(struct place *place) {
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

static struct segment_label label(void) {
    return (struct segment_label){
        .hello = str_of("hello"), .endpoints = str_of("ipc:///e"), .ring_path = str_of("/ring")};
}

static struct spool *make_spool(struct place *place, enum wire_lane lane) {
    const struct segment_label mine = label();
    struct spool *spool = spool_new(&place->dir, &STREAM, lane);
    assert_non_null(spool);
    assert_int_equal(spool_set_label(spool, &mine, NULL), ERR_OK);
    return spool;
}

static struct segment_batch batch(uint64_t seq) {
    return (struct segment_batch){.seq = seq,
                                  .emitted = seq * (CALLS + 1),
                                  .dropped = seq,
                                  .calls_before = (seq - 1) * CALLS,
                                  .calls = CALLS,
                                  .items = 1};
}

static struct str items_of(uint64_t seq, size_t len) {
    static char bytes[WIRE_FRAME_BYTES_MAX];
    for (size_t i = 0; i < len; i++) {
        bytes[i] = (char)(seq * 31 + i);
    }
    return (struct str){.ptr = bytes, .len = len};
}

static size_t len_of(uint64_t seq) {
    return 1 + seq * 7 % 40;
}

static enum err append(struct spool *spool, uint64_t seq, size_t len) {
    const struct segment_batch b = batch(seq);
    return spool_append(spool, &b, items_of(seq, len), NULL);
}

static void append_all(struct spool *spool, uint64_t first, uint64_t last) {
    for (uint64_t seq = first; seq <= last; seq++) {
        assert_int_equal(append(spool, seq, len_of(seq)), ERR_OK);
    }
}

/* Reads on and demands numbers without a hole, items as they were written or none, and that calls
 * are what came and what was lost. Returns how many batches came with their items. */
static size_t read_all(struct place *place, struct spool *spool, struct spool_mark *mark,
                       uint64_t last) {
    struct segment_batch got;
    const uint64_t first = mark->seq;
    uint64_t calls = mark->calls - mark->lost;
    size_t whole = 0;
    uint64_t dropped = 0;
    while (spool_read(spool, mark, &place->items, &got)) {
        assert_int_equal(got.seq + 1, mark->seq);
        assert_true(got.dropped >= dropped);
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

static void what_is_appended_is_read_in_order(void **state) {
    (void)state;
    struct place place;
    make_place(&place, 1 << 20);
    struct spool *spool = make_spool(&place, WIRE_LANE_METRICS);
    assert_true(spool_is_empty(spool));
    assert_int_equal(files_n(&place, ".spool"), 0);
    append_all(spool, 5, 100);
    struct spool_mark mark = spool_start(spool);
    assert_int_equal(mark.seq, 5);
    assert_int_equal(read_all(&place, spool, &mark, 100), 96);
    append_all(spool, 101, 110);
    assert_int_equal(read_all(&place, spool, &mark, 110), 10);
    assert_int_equal(mark.lost, 0);
    spool_free(spool, true);
    remove_place(&place);
}

static void files_are_closed_to_others(void **state) {
    (void)state;
    struct place place;
    struct stat st;
    char path[256];
    make_place(&place, 1 << 20);
    struct spool *spool = make_spool(&place, WIRE_LANE_METRICS);
    append_all(spool, 1, 1);
    snprintf(path, sizeof path, "%s/ab010203000000000000000000000000-1-1.spool", place.path);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    spool_free(spool, false);
    remove_place(&place);
}

static void acknowledged_segments_are_removed(void **state) {
    (void)state;
    struct place place;
    make_place(&place, 64 << 20);
    struct spool *spool = make_spool(&place, WIRE_LANE_METRICS);
    for (uint64_t seq = 1; seq <= 20; seq++) {
        assert_int_equal(append(spool, seq, 900000), ERR_OK);
    }
    assert_int_equal(files_n(&place, ".spool"), 5);
    struct spool_mark mark = spool_start(spool);
    struct segment_batch got;
    for (int i = 0; i < 9; i++) {
        assert_true(spool_read(spool, &mark, &place.items, &got));
    }
    spool_acknowledge(spool, &mark);
    assert_int_equal(files_n(&place, ".spool"), 3);
    while (spool_read(spool, &mark, &place.items, &got)) {
    }
    spool_acknowledge(spool, &mark);
    assert_int_equal(files_n(&place, ".spool"), 0);
    assert_int_equal(place.dir.used_bytes, 0);
    assert_true(spool_is_empty(spool));
    append_all(spool, 30, 31);
    mark = spool_start(spool);
    assert_int_equal(mark.seq, 30);
    assert_int_equal(read_all(&place, spool, &mark, 31), 2);
    spool_free(spool, false);
    remove_place(&place);
}

static void the_bound_holds_and_keeps_a_part_for_events(void **state) {
    (void)state;
    struct place place;
    const uint64_t limit = 1 << 20;
    make_place(&place, limit);
    struct spool *metrics = make_spool(&place, WIRE_LANE_METRICS);
    struct spool *events = make_spool(&place, WIRE_LANE_EVENTS);
    uint64_t seq = 1;
    while (append(metrics, seq, 1000) == ERR_OK) {
        seq++;
    }
    assert_int_equal(append(metrics, seq, 1000), ERR_TOO_LONG);
    assert_true(place.dir.used_bytes <= limit - limit / SPOOLDIR_EVENTS_PART);
    assert_true(place.dir.used_bytes > limit / 10 * 9);
    assert_int_equal(append(events, 1, 1000), ERR_OK);
    assert_int_equal(spool_last(metrics).seq, seq - 1);
    spool_free(metrics, false);
    spool_free(events, false);
    remove_place(&place);
}

static void the_bound_counts_what_others_have_there(void **state) {
    (void)state;
    struct place place;
    make_place(&place, 1 << 20);
    struct spool *mine = make_spool(&place, WIRE_LANE_METRICS);
    while (append(mine, spool_last(mine).seq + 1, 50000) == ERR_OK) {
    }
    struct spooldir dir;
    const struct wire_id other = {{9}};
    const struct segment_label mark = label();
    assert_int_equal(spooldir_open(place.path, 1 << 20, &dir, NULL), ERR_OK);
    struct spool *theirs = spool_new(&dir, &other, WIRE_LANE_METRICS);
    assert_int_equal(spool_set_label(theirs, &mark, NULL), ERR_OK);
    assert_int_equal(append(theirs, 1, 50000), ERR_TOO_LONG);
    spool_free(theirs, false);
    spooldir_close(&dir);
    spool_free(mine, false);
    remove_place(&place);
}

static void a_spool_is_recovered_with_its_label(void **state) {
    (void)state;
    struct place place;
    make_place(&place, 1 << 20);
    struct spool *spool = make_spool(&place, WIRE_LANE_METRICS);
    append_all(spool, 7, 50);
    struct segment_label fresh = label();
    fresh.hello = str_of("another hello");
    fresh.generation = 1;
    fresh.seq_base = 9;
    fresh.lost = 4;
    assert_int_equal(spool_set_label(spool, &fresh, NULL), ERR_OK);
    append_all(spool, 51, 60);
    spool_free(spool, false);

    spool = spool_new(&place.dir, &STREAM, WIRE_LANE_METRICS);
    assert_int_equal(spool_recover(spool), ERR_OK);
    assert_true(str_equal(spool_label(spool)->hello, str_of("another hello")));
    assert_true(str_equal(spool_label(spool)->endpoints, str_of("ipc:///e")));
    assert_true(str_equal(spool_label(spool)->ring_path, str_of("/ring")));
    assert_int_equal(spool_label(spool)->seq_base, 9);
    assert_int_equal(spool_last(spool).seq, 60);
    struct spool_mark mark = spool_start(spool);
    assert_int_equal(mark.seq, 7);
    assert_int_equal(mark.lost, 4);
    assert_int_equal(read_all(&place, spool, &mark, 60), 54);
    spool_acknowledge(spool, &mark);
    assert_int_equal(files_n(&place, ".spool"), 0);
    spool_free(spool, false);
    remove_place(&place);
}

static void nothing_there_is_not_found(void **state) {
    (void)state;
    struct place place;
    make_place(&place, 1 << 20);
    struct spool *spool = spool_new(&place.dir, &STREAM, WIRE_LANE_EVENTS);
    assert_int_equal(spool_recover(spool), ERR_NOT_FOUND);
    spool_free(spool, false);
    remove_place(&place);
}

/* Images: the file of a spool of BATCHES batches, changed, and recovered. */

#define BATCHES 12U

struct image {
    size_t len;
    uint8_t bytes[8192];
};

static void image_path(const struct place *place, int number, char *out, size_t size) {
    snprintf(out, size, "%s/ab010203000000000000000000000000-1-%d.spool", place->path, number);
}

static void put_image(const struct place *place, int number, const struct image *image) {
    char path[256];
    image_path(place, number, path, sizeof path);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(image->bytes, 1, image->len, file), image->len);
    fclose(file);
}

static void get_image(const struct place *place, int number, struct image *out) {
    char path[256];
    image_path(place, number, path, sizeof path);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    out->len = fread(out->bytes, 1, sizeof out->bytes, file);
    assert_true(out->len > 0 && out->len < sizeof out->bytes);
    fclose(file);
}

static void make_image(struct place *place, struct image *out) {
    struct spool *spool = make_spool(place, WIRE_LANE_METRICS);
    append_all(spool, 1, BATCHES);
    spool_free(spool, true);
    get_image(place, 1, out);
}

/* How many batches come back whole, of a spool that is known to reach to BATCHES if `known`. The
 * numbers have no hole, and every call is there or counted as lost. */
static size_t recover(struct place *place, bool known, uint64_t *out_last) {
    struct spool *spool = spool_new(&place->dir, &STREAM, WIRE_LANE_METRICS);
    const enum err err = spool_recover(spool);
    assert_true(err == ERR_OK || err == ERR_NOT_FOUND);
    if (known) {
        const struct segment_batch last = batch(BATCHES);
        spool_expect(spool, 1, 0, &last);
    }
    struct spool_mark mark = spool_start(spool);
    const size_t whole = read_all(place, spool, &mark, BATCHES);
    if (known) {
        assert_int_equal(mark.seq, BATCHES + 1);
        assert_int_equal(mark.calls, BATCHES * CALLS);
        assert_int_equal(mark.lost, (BATCHES - whole) * CALLS);
    }
    *out_last = spool_last(spool).seq;
    spool_free(spool, false);
    return whole;
}

static void a_file_cut_anywhere_gives_all_batches_before_the_cut(void **state) {
    (void)state;
    struct place place;
    static struct image image;
    struct image cut;
    uint64_t last;
    make_place(&place, 1 << 20);
    make_image(&place, &image);
    size_t before = 0;
    for (size_t len = 0; len <= image.len; len++) {
        cut = image;
        cut.len = len;
        put_image(&place, 1, &cut);
        const size_t whole = recover(&place, len % 2 == 0, &last);
        assert_true(whole >= before && whole <= before + 1);
        before = whole;
    }
    assert_int_equal(before, BATCHES);
    remove_place(&place);
}

static void a_flipped_bit_costs_one_batch_and_its_calls_are_counted(void **state) {
    (void)state;
    struct place place;
    static struct image image;
    uint64_t last;
    make_place(&place, 1 << 20);
    make_image(&place, &image);
    for (size_t bit = 0; bit < image.len * 8; bit += 3) {
        struct image flipped = image;
        flipped.bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
        put_image(&place, 1, &flipped);
        const size_t whole = recover(&place, true, &last);
        assert_true(whole + 1 >= BATCHES || bit / 8 < 136);
    }
    remove_place(&place);
}

static void a_damaged_head_of_a_file_costs_the_file_only(void **state) {
    (void)state;
    struct place place;
    make_place(&place, 64 << 20);
    struct spool *spool = make_spool(&place, WIRE_LANE_METRICS);
    for (uint64_t seq = 1; seq <= 12; seq++) {
        assert_int_equal(append(spool, seq, 900000), ERR_OK);
    }
    spool_free(spool, false);
    char path[256];
    image_path(&place, 2, path, sizeof path);
    const int fd = open(path, O_RDWR);
    assert_int_equal(pwrite(fd, "x", 1, 20), 1);
    close(fd);
    spool = spool_new(&place.dir, &STREAM, WIRE_LANE_METRICS);
    assert_int_equal(spool_recover(spool), ERR_OK);
    struct spool_mark mark = spool_start(spool);
    struct segment_batch got;
    size_t empty = 0;
    for (uint64_t seq = 1; seq <= 12; seq++) {
        assert_true(spool_read(spool, &mark, &place.items, &got));
        assert_int_equal(got.seq, seq);
        empty += got.items == 0;
    }
    assert_int_equal(empty, 4);
    assert_int_equal(mark.lost, 4 * CALLS);
    assert_int_equal(files_n(&place, ".damaged"), 1);
    spool_free(spool, false);
    remove_place(&place);
}

static void a_missing_file_in_the_middle_is_a_counted_loss(void **state) {
    (void)state;
    struct place place;
    make_place(&place, 64 << 20);
    struct spool *spool = make_spool(&place, WIRE_LANE_METRICS);
    for (uint64_t seq = 1; seq <= 12; seq++) {
        assert_int_equal(append(spool, seq, 900000), ERR_OK);
    }
    char path[256];
    image_path(&place, 2, path, sizeof path);
    unlink(path);
    struct spool_mark mark = spool_start(spool);
    struct segment_batch got;
    for (uint64_t seq = 1; seq <= 12; seq++) {
        assert_true(spool_read(spool, &mark, &place.items, &got));
        assert_int_equal(got.items, seq < 5 || seq > 8);
    }
    assert_int_equal(mark.lost, 4 * CALLS);
    spool_free(spool, false);
    remove_place(&place);
}

/* In a child: a limit on file sizes is not taken back. */
static void a_write_that_fails_abandons_the_segment(void **state) {
    (void)state;
    struct place place;
    make_place(&place, 64 << 20);
    struct spool *spool = make_spool(&place, WIRE_LANE_METRICS);
    append_all(spool, 1, 3);
    const pid_t child = fork();
    if (child == 0) {
        struct rlimit limit;
        getrlimit(RLIMIT_FSIZE, &limit);
        limit.rlim_cur = spool_bytes(spool) + 30;
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &limit);
        const bool failed = append(spool, 4, 100) == ERR_IO && append(spool, 4, 4000) == ERR_IO;
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_FSIZE, &limit);
        const bool goes_on = append(spool, 4, len_of(4)) == ERR_OK;
        struct spool_mark mark = spool_start(spool);
        const bool all = read_all(&place, spool, &mark, 4) == 4;
        _exit(failed && goes_on && all && mark.lost == 0 ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    spool_free(spool, false);
    spool = spool_new(&place.dir, &STREAM, WIRE_LANE_METRICS);
    assert_int_equal(spool_recover(spool), ERR_OK);
    struct spool_mark mark = spool_start(spool);
    assert_int_equal(read_all(&place, spool, &mark, 4), 4);
    spool_free(spool, false);
    remove_place(&place);
}

static void only_one_process_has_a_stream(void **state) {
    (void)state;
    struct place place;
    make_place(&place, 1 << 20);
    struct spool *spool = make_spool(&place, WIRE_LANE_METRICS);
    append_all(spool, 1, 1);
    const pid_t child = fork();
    if (child == 0) {
        struct spooldir other;
        const bool refused = spooldir_open(place.path, 1 << 20, &other, NULL) == ERR_OK &&
                             !spooldir_claim(&other, &STREAM);
        _exit(refused ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(files_n(&place, ".lock"), 1);
    spooldir_release(&place.dir, &STREAM);
    assert_int_equal(files_n(&place, ".lock"), 1); /* a segment is still there */
    assert_true(spooldir_claim(&place.dir, &STREAM));
    struct spool_mark mark = spool_start(spool);
    read_all(&place, spool, &mark, 1);
    spool_acknowledge(spool, &mark);
    spooldir_release(&place.dir, &STREAM);
    assert_int_equal(files_n(&place, ".lock"), 0);
    spool_free(spool, false);
    remove_place(&place);
}

static void network_file_systems_are_refused_by_name(void **state) {
    (void)state;
    struct why why = {""};
    assert_string_equal(owndir_network_name(0x6969), "NFS");
    assert_string_equal(owndir_network_name(0x0bd00bd0), "Lustre");
    assert_null(owndir_network_name(0xef53));     /* ext4 */
    assert_null(owndir_network_name(0x01021994)); /* tmpfs */
    assert_int_equal(owndir_is_local("/tmp", "TOCSIN_SPOOL_DIR", &why), ERR_OK);
    assert_int_equal(owndir_is_local("/none", "TOCSIN_SPOOL_DIR", &why), ERR_IO);
    assert_non_null(strstr(why.text, "TOCSIN_SPOOL_DIR"));
}

static void a_link_is_not_followed(void **state) {
    (void)state;
    struct place place;
    struct why why = {""};
    char link[128];
    make_place(&place, 1 << 20);
    snprintf(link, sizeof link, "%s-link", place.path);
    assert_int_equal(symlink(place.path, link), 0);
    struct spooldir dir;
    assert_int_equal(spooldir_open(link, 1 << 20, &dir, &why), ERR_IO);
    assert_non_null(strstr(why.text, "TOCSIN_SPOOL_DIR"));
    unlink(link);
    remove_place(&place);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_appended_is_read_in_order),
        cmocka_unit_test(files_are_closed_to_others),
        cmocka_unit_test(acknowledged_segments_are_removed),
        cmocka_unit_test(the_bound_holds_and_keeps_a_part_for_events),
        cmocka_unit_test(the_bound_counts_what_others_have_there),
        cmocka_unit_test(a_spool_is_recovered_with_its_label),
        cmocka_unit_test(nothing_there_is_not_found),
        cmocka_unit_test(a_file_cut_anywhere_gives_all_batches_before_the_cut),
        cmocka_unit_test(a_flipped_bit_costs_one_batch_and_its_calls_are_counted),
        cmocka_unit_test(a_damaged_head_of_a_file_costs_the_file_only),
        cmocka_unit_test(a_missing_file_in_the_middle_is_a_counted_loss),
        cmocka_unit_test(a_write_that_fails_abandons_the_segment),
        cmocka_unit_test(only_one_process_has_a_stream),
        cmocka_unit_test(network_file_systems_are_refused_by_name),
        cmocka_unit_test(a_link_is_not_followed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
