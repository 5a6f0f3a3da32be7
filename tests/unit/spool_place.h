/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_SPOOL_PLACE_H
#define TESTS_UNIT_SPOOL_PLACE_H

/* A directory with a spool in it, and what the tests write there. */

#include <stddef.h>
#include <stdint.h>

#include "emitter/spool.h"

#define CALLS 3U /* in each batch */

extern const struct wire_id STREAM;

struct place {
    char path[64];
    struct spooldir dir;
    struct buf items;
};

void make_place(struct place *place, uint64_t limit_bytes);
/* The names in the directory that end in so. */
size_t files_n(const struct place *place, const char *ending);
void remove_place(struct place *place);
struct segment_label label(void);
struct spool *make_spool(struct place *place, enum wire_lane lane);
/* Batch seq of a stream in which each has CALLS calls, and its items. */
struct segment_batch batch(uint64_t seq);
struct str items_of(uint64_t seq, size_t len);
size_t len_of(uint64_t seq);
enum err append(struct spool *spool, uint64_t seq, size_t len);
void append_all(struct spool *spool, uint64_t first, uint64_t last);
/* Reads on and demands numbers without a hole, items as they were written or none, and that calls
 * are what came and what was lost. Returns how many batches came with their items. */
size_t read_all(struct place *place, struct spool *spool, struct spool_mark *mark, uint64_t last);

#endif
