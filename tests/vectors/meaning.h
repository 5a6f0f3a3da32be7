/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_VECTORS_MEANING_H
#define TESTS_VECTORS_MEANING_H

/* What a vector means, read from its JSON and put through the encoder. */

#include <jansson.h>

#include "schema/wire/wire.h"

/* Appends the frame to out. Fails the running test if the JSON is no meaning of a frame. */
enum err meaning_encode(json_t *meaning, struct buf *out) ERR_MUST_CHECK;

#endif
