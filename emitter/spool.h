/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMITTER_SPOOL_H
#define EMITTER_SPOOL_H

/* What one lane of a producer could not keep in memory: an append-only log of its batches on disk,
 * in segments (segment.h). Written by the courier of the run; after its death read by whoever
 * delivers what it left. One thread at a time.
 *
 * Only the items of a batch are kept: the frame around them is made when it is sent, because the
 * producer id and with it the numbers can change (see segment_label), and because calls that are
 * found unreadable must be added to `dropped` of all that follows. Every batch defines the keysets
 * it uses, so losing one makes no other unreadable.
 *
 * What is damaged is never a reason not to go on. The batches a reader gets have all numbers
 * without a hole: a batch that is missing or does not pass its checksum comes without content, and
 * its calls, known from the totals of its neighbours, are in `lost`. */

#include "emitter/segment.h"
#include "emitter/spooldir.h"

#define SPOOL_SEGMENTS_MAX 65536    /* of one lane */
#define SPOOL_HOLE_MAX     16777216 /* batches missing in a row; a larger step is not believed */

struct spool;

/* dir: borrowed for the spool's life, shared by both lanes. Makes no file. NULL: out of memory. */
struct spool *spool_new(struct spooldir *dir, const struct wire_id *stream, enum wire_lane lane);
/* Closes. The files stay, unless all is acknowledged. sync: what was written becomes durable.
 * False: the disk would not keep it; see spool_sync_error(). */
bool spool_free(struct spool *spool, bool sync);
/* Why fdatasync() failed on what the spool holds, and on a second segment to which it was copied;
 * 0: it did not. All can be read until the kernel needs the memory. What it then drops is lost, and
 * counted. */
int spool_sync_error(const struct spool *spool);

/* How what is read from now on is to be presented; copies. If anything is spooled this is written
 * to disk before it counts. ERR_IO, ERR_MEMORY: nothing changed. */
enum err spool_set_label(struct spool *spool, const struct segment_label *label,
                         struct why *why) ERR_MUST_CHECK;
const struct segment_label *spool_label(const struct spool *spool); /* borrows */

/* Appends the next batch. Makes the kernel have it, not the disk: that happens at the end of each
 * segment. ERR_TOO_LONG: the bound is reached. ERR_IO: it could not be written; the segment is
 * made durable as it is and never touched again, the next append tries a new one. */
enum err spool_append(struct spool *spool, const struct segment_batch *batch, struct str items,
                      struct why *why) ERR_MUST_CHECK;

/* Finds what another process has left. A torn tail is left unread. ERR_NOT_FOUND: nothing that can
 * be read; ERR_MEMORY. */
enum err spool_recover(struct spool *spool) ERR_MUST_CHECK;
/* The last batch; seq 0: there is none. */
struct segment_batch spool_last(const struct spool *spool);
bool spool_is_empty(const struct spool *spool);
uint64_t spool_bytes(const struct spool *spool);

/* A place between two batches. */
struct spool_mark {
    uint64_t seq;     /* of the batch behind it */
    uint64_t calls;   /* in all batches before it, readable or not */
    uint64_t lost;    /* of them, calls that could not be read */
    uint64_t dropped; /* `dropped` of the batch before it */
    uint64_t number;
    uint64_t offset;
};
/* What a spool that was recovered must span at least, as somebody else knows: from `first` (its
 * seq, calls and dropped) to batch `last`. What is not there is lost. */
void spool_expect(struct spool *spool, const struct spool_mark *first,
                  const struct segment_batch *last);
/* Before the first batch that is not acknowledged. */
struct spool_mark spool_start(const struct spool *spool);
/* The batch behind the mark, and the mark moves behind it. out_items: in place of what it held;
 * empty if the batch is lost, and then no gap in it tells what was dropped: dropped_before equals
 * dropped. False: there is none. */
bool spool_read(struct spool *spool, struct spool_mark *mark, struct buf *out_items,
                struct segment_batch *out_batch);
/* A batch that was read makes no sense to its reader: its calls are lost, and it is made so. */
void spool_refuse(struct spool_mark *mark, struct segment_batch *batch);
/* Everything before the mark is acknowledged: segments wholly before it are removed. */
void spool_acknowledge(struct spool *spool, const struct spool_mark *mark);

#endif
