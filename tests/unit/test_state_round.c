/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector/state_round.h"

#define PRODUCERS 5
#define AT_ONCE   2

static struct roster *crowd(void) {
    struct roster *roster = roster_new(100, 1000000);
    for (uint8_t id = 1; id <= PRODUCERS; id++) {
        roster_add(roster, &(struct wire_id){{id}})->seen = true;
    }
    return roster;
}

/* As a flush does: everyone chosen is written; then all log again, in a new order. */
static enum state_left write_some(struct roster *roster, enum state_scope scope, uint64_t round,
                                  bool busy, size_t *written) {
    struct producer *chosen[AT_ONCE];
    size_t n = 0;
    const enum state_left left = state_round_choose(roster, scope, round, AT_ONCE, chosen, &n);
    for (size_t i = 0; i < n; i++) {
        chosen[i]->seen = false;
        chosen[i]->state_round = round;
        written[chosen[i]->id.bytes[0]]++;
    }
    for (uint8_t id = PRODUCERS; busy && id > 0; id--) {
        struct producer *producer = roster_find(roster, &(struct wire_id){{id}});
        producer->seen = true;
        roster_touch(roster, producer);
    }
    return left;
}

static void a_round_reaches_everyone_once_while_all_are_busy(void **state) {
    (void)state;
    struct roster *roster = crowd();
    for (size_t round = 1; round <= 3; round++) {
        size_t written[PRODUCERS + 1] = {0};
        assert_int_equal(write_some(roster, STATE_ROUND, round, true, written), STATE_LEFT_NOW);
        assert_int_equal(write_some(roster, STATE_ROUND, round, true, written), STATE_LEFT_NOW);
        assert_int_equal(write_some(roster, STATE_ROUND, round, true, written), STATE_LEFT_LATER);
        for (size_t id = 1; id <= PRODUCERS; id++) {
            assert_int_equal(written[id], 1);
        }
    }
    roster_free(roster);
}

static void all_means_until_nobody_has_news(void **state) {
    (void)state;
    struct roster *roster = crowd();
    size_t written[PRODUCERS + 1] = {0};
    assert_int_equal(write_some(roster, STATE_ROUND, 1, true, written), STATE_LEFT_NOW);
    assert_int_equal(write_some(roster, STATE_ALL, 1, false, written), STATE_LEFT_NOW);
    assert_int_equal(write_some(roster, STATE_ALL, 1, false, written), STATE_LEFT_NOW);
    assert_int_equal(write_some(roster, STATE_ALL, 1, false, written), STATE_LEFT_NONE);
    assert_int_equal(write_some(roster, STATE_ROUND, 2, false, written), STATE_LEFT_NONE);
    roster_free(roster);
}

static void those_at_their_end_do_not_wait_for_a_round(void **state) {
    (void)state;
    struct roster *roster = crowd();
    struct producer *ended = roster_find(roster, &(struct wire_id){{3}});
    size_t written[PRODUCERS + 1] = {0};
    ended->ended = true;
    ended->state_round = 7;
    assert_int_equal(write_some(roster, STATE_ENDED, 7, false, written), STATE_LEFT_NONE);
    for (size_t id = 1; id <= PRODUCERS; id++) {
        assert_int_equal(written[id], id == 3);
    }
    roster_free(roster);
}

static void news_is_what_the_tables_lack(void **state) {
    (void)state;
    struct roster *roster = roster_new(100, 1000000);
    struct producer *stranger = roster_add(roster, &(struct wire_id){{1}});
    struct producer *chosen[AT_ONCE];
    size_t n = 1;
    stranger->state_dirty = true; /* of its state there is nothing in memory to be written */
    assert_int_equal(state_round_choose(roster, STATE_ALL, 1, AT_ONCE, chosen, &n),
                     STATE_LEFT_NONE);
    assert_int_equal(n, 0);
    roster_set_state(roster, stranger, run_state_new());
    state_round_choose(roster, STATE_ALL, 1, AT_ONCE, chosen, &n);
    assert_int_equal(n, 1);
    roster_free(roster);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_round_reaches_everyone_once_while_all_are_busy),
        cmocka_unit_test(all_means_until_nobody_has_news),
        cmocka_unit_test(those_at_their_end_do_not_wait_for_a_round),
        cmocka_unit_test(news_is_what_the_tables_lack),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
