/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "emitter/spool.h"
#include "tests/unit/spool_place.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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
        const struct spool_mark first = {.seq = 1};
        spool_expect(spool, &first, &last);
    }
    struct spool_mark mark = spool_start(spool);
    const size_t whole = read_all(place, spool, &mark, BATCHES);
    if (known) {
        assert_int_equal(mark.seq, BATCHES + 1);
        assert_int_equal(mark.calls, BATCHES * CALLS);
        assert_int_equal(mark.lost, (BATCHES - whole) * CALLS);
        assert_int_equal(mark.dropped, BATCHES);
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
        assert_true(whole + 1 >= BATCHES || bit / 8 < 152);
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_cut_anywhere_gives_all_batches_before_the_cut),
        cmocka_unit_test(a_flipped_bit_costs_one_batch_and_its_calls_are_counted),
        cmocka_unit_test(a_damaged_head_of_a_file_costs_the_file_only),
        cmocka_unit_test(a_missing_file_in_the_middle_is_a_counted_loss),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
