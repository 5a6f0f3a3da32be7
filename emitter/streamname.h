/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMITTER_STREAMNAME_H
#define EMITTER_STREAMNAME_H

/* A producer id as the names of its files begin: 32 hexadecimal digits in small letters. */

#include <stdbool.h>

#include "schema/wire/wire.h"

#define STREAMNAME_DIGITS 32

/* NUL-terminated. */
void streamname_put(const struct wire_id *stream, char out[STREAMNAME_DIGITS + 1]);
/* False: name does not begin so. */
bool streamname_parse(const char *name, struct wire_id *out);

#endif
