/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMITTER_BATCHER_H
#define EMITTER_BATCHER_H

/* From a range of a ring to the frame of one batch. Pure: the same range and sequence number give
 * the same items, so a batch is not kept but built again when it must be sent again. Courier only.
 *
 * The calls of a range that share a keyset become one block, column by column; keysets keep the
 * order in which they first appear. Definitions of keysets come before all blocks, in the batch
 * where the keyset has its first calls. */

#include <stdbool.h>
#include <stdint.h>

#include "emitter/keysets.h"
#include "emitter/ring.h"
#include "schema/wire/wire.h"

struct batcher;

struct batcher *batcher_new(void); /* NULL: out of memory */
void batcher_free(struct batcher *batcher);

struct batcher_source { /* borrows both */
    struct ring *ring;
    struct keysets *keysets;
};

struct batcher_range {
    uint64_t seq; /* of the batch, as the keysets count: batcher_cut() sets it */
    uint64_t start;
    uint64_t end;
    uint64_t calls; /* calls or events in it */
    uint64_t bytes; /* of the frame, at most */
    bool full;      /* stopped at a limit of a batch, not at the end of what is published */
    const struct wire_gap *gap; /* borrows; to be told first. NULL: none */
};

/* How far the batch of this number can reach from start: up to WIRE_FRAME_BYTES_TARGET of frame,
 * one record at least, or the first unpublished record. start == end: nothing is there. */
struct batcher_range batcher_cut(struct batcher *batcher, const struct batcher_source *source,
                                 uint64_t start, uint64_t seq);
/* The range of the last batcher_cut() is now batch seq: keysets that are new in it are noted. */
void batcher_settle(struct batcher *batcher, const struct batcher_source *source, uint64_t seq);

/* Builds the frame of a range (its seq, start, end and gap): head has everything but the items. The
 * frame is borrowed until the next call. ERR_MEMORY; other errors mean that a record is damaged. */
enum err batcher_build(struct batcher *batcher, const struct batcher_source *source,
                       const struct batcher_range *range, const struct wire_batch *head,
                       struct str *out_frame) ERR_MUST_CHECK;

/* Only the items of the range, with the definitions of all keysets that it uses: what can be sent
 * under any number, whatever was sent before. Borrowed as above. */
enum err batcher_build_items(struct batcher *batcher, const struct batcher_source *source,
                             const struct batcher_range *range, struct str *out_items,
                             uint32_t *out_n) ERR_MUST_CHECK;

#endif
