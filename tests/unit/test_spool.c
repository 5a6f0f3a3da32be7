/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "emitter/owndir.h"
#include "emitter/spool.h"
#include "tests/unit/spool_place.h"

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
        cmocka_unit_test(a_write_that_fails_abandons_the_segment),
        cmocka_unit_test(only_one_process_has_a_stream),
        cmocka_unit_test(network_file_systems_are_refused_by_name),
        cmocka_unit_test(a_link_is_not_followed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
