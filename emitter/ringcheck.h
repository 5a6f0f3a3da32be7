/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMITTER_RINGCHECK_H
#define EMITTER_RINGCHECK_H

/* Whether the mapped file of a process that is gone can be believed. It was written by our code,
 * but memory that was half written, a disk, or another program may have changed it, so every
 * offset, size, mark and record is checked before anything follows it. Pure but for ring_heal(). */

#include <stdbool.h>

#include "emitter/ringfile.h"

/* The keysets: their numbers, names and ids. */
bool ringcheck_keysets(const struct keysets_area *area);
/* The marks of a lane and the records between its tail and its head. Records that were never
 * published become padding, and the calls that were never stored count as dropped. */
bool ringcheck_lane(struct ringfile *file, enum wire_lane lane);

#endif
