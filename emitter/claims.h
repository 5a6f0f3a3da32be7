/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMITTER_CLAIMS_H
#define EMITTER_CLAIMS_H

/* The streams whose files this process has open. A record lock does not keep a process from its own
 * files, and closing any descriptor of a file gives up its lock: so what is named here must not
 * even be opened a second time. Any thread, no lock: a forked child has a copy that can be used. */

#include <stdbool.h>

#include "schema/wire/wire.h"

#define CLAIMS_MAX 256

/* False: it is claimed already, or there are too many. */
bool claims_add(const struct wire_id *stream);
void claims_remove(const struct wire_id *stream);

#endif
