/* SPDX-License-Identifier: Apache-2.0 */
/* A disk that does not keep what it was given: fdatasync() fails, and the kernel may forget. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "emitter/spool.h"
#include "tests/unit/spool_place.h"

#define SYNCS_MAX 16

/* How the disk behaves. */
static struct {
    size_t fails_n;    /* so many calls fail */
    off_t forget_from; /* a failing call makes zeros of the file from here on; 0: it does not */
    ino_t failed[SYNCS_MAX];
    size_t failed_n;
} disk;

static bool has_failed(ino_t file) {
    for (size_t i = 0; i < disk.failed_n; i++) {
        if (disk.failed[i] == file) {
            return true;
        }
    }
    return false;
}

int __wrap_fdatasync(int fd);
int __wrap_fdatasync(int fd) {
    static const char zeros[4096];
    struct stat st;
    assert_int_equal(fstat(fd, &st), 0);
    assert_false(has_failed(st.st_ino)); /* a second one would be believed */
    if (disk.fails_n == 0) {
        return 0;
    }
    disk.fails_n--;
    disk.failed[disk.failed_n++ % SYNCS_MAX] = st.st_ino;
    for (off_t at = disk.forget_from; at > 0 && at < st.st_size; at += (off_t)sizeof zeros) {
        const off_t left = st.st_size - at;
        const size_t len = left < (off_t)sizeof zeros ? (size_t)left : sizeof zeros;
        assert_int_equal(pwrite(fd, zeros, len, at), len);
    }
    errno = EIO;
    return -1;
}

static void break_disk(size_t fails_n, off_t forget_from) {
    memset(&disk, 0, sizeof disk);
    disk.fails_n = fails_n;
    disk.forget_from = forget_from;
}

static int mend_disk(void **state) {
    (void)state;
    break_disk(0, 0);
    return 0;
}

static void what_the_disk_refused_is_written_elsewhere(void **state) {
    (void)state;
    struct place place;
    make_place(&place, 64 << 20);
    struct spool *spool = make_spool(&place, WIRE_LANE_METRICS);
    append_all(spool, 1, 50);
    break_disk(1, 0);
    assert_true(spool_free(spool, true));
    assert_int_equal(disk.failed_n, 1);
    assert_int_equal(files_n(&place, "-1-1.spool"), 0); /* the one in doubt */
    assert_int_equal(files_n(&place, "-1-2.spool"), 1);

    spool = spool_new(&place.dir, &STREAM, WIRE_LANE_METRICS);
    assert_int_equal(spool_recover(spool), ERR_OK);
    assert_true(str_equal(spool_label(spool)->hello, str_of("hello")));
    struct spool_mark mark = spool_start(spool);
    assert_int_equal(mark.seq, 1);
    assert_int_equal(read_all(&place, spool, &mark, 50), 50);
    assert_int_equal(mark.lost, 0);
    spool_free(spool, false);
    remove_place(&place);
}

/* In the middle of a run: a reader goes on where it was, and what it acknowledged is not copied. */
static void a_reader_does_not_notice(void **state) {
    (void)state;
    struct place place;
    struct segment_batch got;
    make_place(&place, 64 << 20);
    struct spool *spool = make_spool(&place, WIRE_LANE_METRICS);
    append_all(spool, 1, 40);
    struct spool_mark mark = spool_start(spool);
    for (int i = 0; i < 10; i++) {
        assert_true(spool_read(spool, &mark, &place.items, &got));
    }
    spool_acknowledge(spool, &mark);
    for (int i = 0; i < 10; i++) {
        assert_true(spool_read(spool, &mark, &place.items, &got));
    }
    const uint64_t before = spool_bytes(spool);
    const struct segment_label mine = label();
    break_disk(1, 0);
    assert_int_equal(spool_set_label(spool, &mine, NULL), ERR_OK); /* begins another segment */
    assert_int_equal(disk.failed_n, 1);
    assert_true(spool_bytes(spool) < before + 200); /* without the ten, but with another head */
    assert_int_equal(spool_bytes(spool), place.dir.used_bytes);
    assert_int_equal(files_n(&place, ".spool"), 2);
    append_all(spool, 41, 60);
    assert_int_equal(read_all(&place, spool, &mark, 60), 40);
    mark = spool_start(spool);
    assert_int_equal(mark.seq, 11);
    assert_int_equal(read_all(&place, spool, &mark, 60), 50);
    assert_int_equal(mark.lost, 0);
    assert_int_equal(spool_sync_error(spool), 0);
    spool_acknowledge(spool, &mark);
    assert_int_equal(files_n(&place, ".spool"), 0);
    assert_int_equal(place.dir.used_bytes, 0);
    spool_free(spool, false);
    remove_place(&place);
}

static void what_the_kernel_forgot_is_counted(void **state) {
    (void)state;
    struct place place;
    make_place(&place, 64 << 20);
    struct spool *spool = make_spool(&place, WIRE_LANE_METRICS);
    append_all(spool, 1, 50);
    const struct segment_label mine = label();
    break_disk(1, (off_t)spool_bytes(spool) / 2);
    assert_int_equal(spool_set_label(spool, &mine, NULL), ERR_OK);
    append_all(spool, 51, 60);
    struct spool_mark mark = spool_start(spool);
    const size_t whole = read_all(&place, spool, &mark, 60);
    assert_in_range(whole, 20, 50);
    assert_int_equal(mark.lost, (60 - whole) * CALLS);
    spool_free(spool, false);
    remove_place(&place);
}

/* All can still be read here, but who closes it learns that it is not safe. */
static void a_disk_that_stays_broken_is_told(void **state) {
    (void)state;
    struct place place;
    make_place(&place, 64 << 20);
    struct spool *spool = make_spool(&place, WIRE_LANE_METRICS);
    append_all(spool, 1, 50);
    break_disk(SYNCS_MAX, 0);
    assert_int_equal(spool_sync_error(spool), 0);
    const struct segment_label mine = label();
    assert_int_equal(spool_set_label(spool, &mine, NULL), ERR_IO);
    assert_int_equal(spool_sync_error(spool), EIO);
    struct spool_mark mark = spool_start(spool);
    append_all(spool, 51, 60);
    assert_int_equal(read_all(&place, spool, &mark, 60), 60);
    assert_int_equal(mark.lost, 0);
    assert_false(spool_free(spool, true));
    remove_place(&place);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(what_the_disk_refused_is_written_elsewhere, mend_disk),
        cmocka_unit_test_teardown(a_reader_does_not_notice, mend_disk),
        cmocka_unit_test_teardown(what_the_kernel_forgot_is_counted, mend_disk),
        cmocka_unit_test_teardown(a_disk_that_stays_broken_is_told, mend_disk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
