/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "collector/counters.h"

static void every_family_has_one_header_and_its_values(void **state) {
    (void)state;
    struct buf out;
    buf_init(&out, 64 * 1024);
    counters_add(COUNTER_refused_magic, 3);
    counters_add(COUNTER_commit_time, 1500000000);
    counters_set(COUNTER_db_up, 1);
    assert_int_equal(counters_print(&out), ERR_OK);
    assert_int_equal(buf_append(&out, "", 1), ERR_OK);
    const char *text = (const char *)out.ptr;
    const char *header = strstr(text, "# TYPE tocsin_frames_refused_total counter\n");
    assert_non_null(header);
    assert_null(strstr(header + 1, "# TYPE tocsin_frames_refused_total"));
    assert_non_null(strstr(text, "tocsin_frames_refused_total{reason=\"magic\"} 3\n"));
    assert_non_null(strstr(text, "tocsin_commit_seconds_total 1.500000000\n"));
    assert_non_null(strstr(text, "# TYPE tocsin_database_up gauge\n"));
    buf_fini(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_family_has_one_header_and_its_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
