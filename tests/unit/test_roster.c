/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "collector/roster.h"

static void add_state(struct roster *roster, struct producer *producer, uint32_t columns) {
    struct run_state *state = run_state_new();
    run_state_load(state, 1, columns);
    roster_set_state(roster, producer, state);
}

static struct producer *add(struct roster *roster, uint8_t id) {
    return roster_add(roster, &(struct wire_id){{id}});
}

static struct producer *find(const struct roster *roster, uint8_t id) {
    return roster_find(roster, &(struct wire_id){{id}});
}

static void over_its_bound_the_longest_unused_goes(void **state) {
    (void)state;
    struct roster *roster = roster_new(2, 1000000);
    struct producer *first = add(roster, 1);
    add(roster, 2);
    add(roster, 3);
    roster_touch(roster, first);
    roster_trim(roster);
    assert_int_equal(roster_n(roster), 2);
    assert_non_null(find(roster, 1));
    assert_null(find(roster, 2));
    assert_non_null(find(roster, 3));
    roster_free(roster);
}

static void what_is_not_written_stays(void **state) {
    (void)state;
    struct roster *roster = roster_new(1, 1000000);
    add(roster, 1)->state_dirty = true;
    add(roster, 2)->state_dirty = true;
    roster_trim(roster);
    assert_int_equal(roster_n(roster), 2);
    find(roster, 1)->state_dirty = false;
    roster_trim(roster);
    assert_int_equal(roster_n(roster), 1);
    assert_non_null(find(roster, 2));
    roster_free(roster);
}

static void states_are_dropped_before_producers(void **state) {
    (void)state;
    struct roster *roster = roster_new(10, 30000);
    for (uint8_t id = 1; id <= 3; id++) {
        add_state(roster, add(roster, id), 500); /* 12 kB and a little */
    }
    roster_trim(roster);
    assert_int_equal(roster_n(roster), 3);
    assert_null(find(roster, 1)->state);
    assert_non_null(find(roster, 2)->state);
    assert_true(roster_state_bytes(roster) <= 30000);
    roster_free(roster);
}

static void the_account_follows_growth_and_removal(void **state) {
    (void)state;
    struct roster *roster = roster_new(10, 1000000);
    struct producer *producer = add(roster, 1);
    add_state(roster, producer, 10);
    const size_t before = run_state_bytes(producer->state);
    run_state_load(producer->state, 2, 100);
    roster_account(roster, producer, before);
    assert_int_equal(roster_state_bytes(roster), run_state_bytes(producer->state));
    roster_remove(roster, producer);
    assert_int_equal(roster_state_bytes(roster), 0);
    roster_free(roster);
}

static void adding_twice_gives_the_same_producer(void **state) {
    (void)state;
    struct roster *roster = roster_new(10, 1000);
    struct producer *producer = add(roster, 1);
    assert_ptr_equal(add(roster, 1), producer);
    assert_int_equal(roster_n(roster), 1);
    roster_free(roster);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(over_its_bound_the_longest_unused_goes),
        cmocka_unit_test(what_is_not_written_stays),
        cmocka_unit_test(states_are_dropped_before_producers),
        cmocka_unit_test(the_account_follows_growth_and_removal),
        cmocka_unit_test(adding_twice_gives_the_same_producer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
