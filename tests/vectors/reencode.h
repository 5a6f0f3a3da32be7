/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_VECTORS_REENCODE_H
#define TESTS_VECTORS_REENCODE_H

/* A decoded frame through the encoder again, items included: what the encoder writes for what the
 * decoder understood. */

#include "schema/wire/wire.h"

/* Appends to out. ERR_VALUE: a kind of frame or item that is none. */
enum err reencode_frame(const struct wire_frame *frame, struct buf *out) ERR_MUST_CHECK;

#endif
