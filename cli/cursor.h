/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_CURSOR_H
#define CLI_CURSOR_H

/* A place in the alerts, so that who asks again gets each alert once, also those whose transactions
 * commit late. For people it is an opaque word. It is
 *
 *     SEEN                      a snapshot (pg_snapshot): all that is visible in it has been seen
 *     SEEN/END/XACT-ID         a limit cut the answer: of what became visible between SEEN and
 *                               END, what stands up to this transaction and id has been seen too
 *
 * A position in a sequence or a time would lose what commits behind it. */

#include <stdbool.h>

#include "schema/wire/err.h"

#define CURSOR_BYTES_MAX (64 * 1024) /* a snapshot names the transactions that are open */
#define CURSOR_START     "start"

struct cursor {
    char *text; /* owned; the following point into it */
    const char *seen;
    const char *end;  /* NULL: no limit cut the answer */
    const char *xact; /* "0" if there is no place */
    const char *id;
};

/* From what --after gives. Errors: ERR_CONFIG, it is no cursor. */
enum err cursor_parse(const char *text, struct cursor *out) ERR_MUST_CHECK;
void cursor_free(struct cursor *cursor);

#endif
