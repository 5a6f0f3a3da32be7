/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_DASHBOARD_GUARD_H
#define CLI_DASHBOARD_GUARD_H

/* Who may look. On loopback everybody of this machine may, but no other site through a browser: the
 * name in Host must be one of this machine (against DNS rebinding), and what changes something must
 * carry a header that other sites cannot send. With a token who knows it may: given once in the
 * address it becomes a cookie, so that it does not stay in the browser's history. */

#include <stdbool.h>

#include "cli/dashboard/visit.h"
#include "schema/wire/err.h"

#define GUARD_TOKEN_BYTES_MAX 128

struct guard {
    bool loopback;                         /* nobody from outside can come */
    char token[GUARD_TOKEN_BYTES_MAX + 1]; /* "": none is needed */
};

/* Makes a token of 32 random characters. Errors: ERR_IO. */
enum err guard_make_token(struct guard *guard, struct why *why) ERR_MUST_CHECK;
/* Whether the visit may go on. False: reply says why not, or sends the browser on with its cookie.
 */
bool guard_admit(const struct guard *guard, const struct visit *visit, struct reply *reply);
/* Whether it may change something. False: reply says why not. */
bool guard_admit_change(const struct visit *visit, struct reply *reply);

#endif
