/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/since.h"

#include <inttypes.h>

#include "cli/db.h"
#include "cli/duration.h"

void since_read(const char *text, struct since *out) {
    int64_t s = 0;
    const bool ago = text != NULL && duration_parse(text, &s);
    snprintf(out->seconds, sizeof out->seconds, "%" PRId64, s);
    out->time = db_text(ago ? NULL : text);
    out->ago = db_text(ago ? out->seconds : NULL);
}
