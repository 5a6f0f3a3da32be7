/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMITTER_WEBHOOK_H
#define EMITTER_WEBHOOK_H

/* The run's webhook: a URL that its alerts carry, and from which level on. The collector posts;
 * this process never does. The URL is a secret: no sentence repeats it. */

#include "emitter/include/tocsin.h"
#include "schema/wire/err.h"
#include "schema/wire/wire.h"

struct webhook {
    char url[WIRE_URL_BYTES_MAX + 1]; /* "": none */
    enum tocsin_level min_level;
};

/* url and min_level as given, NULL or "": none, and all levels. A level is written as Trackio takes
 * it: in any case, with blanks around it. Errors: ERR_CONFIG. */
enum err webhook_make(const char *url, const char *min_level, struct webhook *out,
                      struct why *why) ERR_MUST_CHECK;

/* What an alert of that level carries: its own URL if it has one (borrows), else the run's; ptr
 * NULL: none, as for all below the minimum level. */
struct str webhook_of(const struct webhook *webhook, enum tocsin_level level, const char *own_url);

#endif
