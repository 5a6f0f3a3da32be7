/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/state_round.h"

static bool has_news(const struct producer *producer) {
    return producer->seen || (producer->state_dirty && producer->state);
}

enum state_left state_round_choose(const struct roster *roster, enum state_scope scope,
                                   uint64_t round, size_t max, struct producer **out_producers,
                                   size_t *out_n) {
    enum state_left left = STATE_LEFT_NONE;
    struct producer *producer = roster_next(roster, NULL);
    size_t n = 0;
    for (; producer && left != STATE_LEFT_NOW; producer = roster_next(roster, producer)) {
        if (!has_news(producer) || (scope == STATE_ENDED && !producer->ended)) {
            continue;
        }
        if (scope == STATE_ROUND && producer->state_round == round) {
            left = STATE_LEFT_LATER;
        } else if (n < max) {
            out_producers[n++] = producer;
        } else {
            left = STATE_LEFT_NOW;
        }
    }
    *out_n = n;
    return left;
}
