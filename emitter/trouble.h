/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMITTER_TROUBLE_H
#define EMITTER_TROUBLE_H

/* Why there is no connection, told once in one line that says what to change, not at every retry.
 * Courier only. */

#include <stdbool.h>

#include "emitter/link.h"

struct trouble {
    bool told[LINK_TROUBLES];
    int broken_off; /* handshakes in a row */
};

/* The connection to endpoint came to nothing. keys NULL: it was tried without. */
void trouble_note(struct trouble *trouble, enum link_trouble what, const char *endpoint,
                  const struct link_keys *keys, bool quiet);
/* There is a connection: trouble after this is news again. */
void trouble_over(struct trouble *trouble);

#endif
