/* SPDX-License-Identifier: Apache-2.0 */
/* copyblocks DSN TABLE CALLS_PER_BLOCK BLOCKS: a bare COPY of blocks of ten metrics, in
 * transactions of 4 MiB, and nothing else: the limit that the whole chain is compared with.
 * Prints points per second. */

#include <stdio.h>
#include <stdlib.h>

#include "collector/blockcopy.h"
#include "schema/db/pg.h"
#include "schema/wire/clock.h"

#define METRICS        10
#define RUNS           64
#define COMMIT_BYTES   (4 * 1024 * 1024)
#define COPY_BYTES_MAX (COMMIT_BYTES + 2 * BLOCKCOPY_TUPLE_BYTES_MAX)

static enum err one_block(struct buf *frame, uint32_t calls, uint8_t **out_steps,
                          struct wire_block *out) {
    struct wire_block_room room;
    buf_clear(frame);
    enum err err = wire_put_block(1, METRICS, calls, frame, &room);
    if (err != ERR_OK) {
        return err;
    }
    for (size_t i = 0; i < calls; i++) {
        wire_store_u64(room.times_ns, i, (uint64_t)clock_wall_ns());
    }
    for (size_t i = 0; i < (size_t)calls * METRICS; i++) {
        union {
            double number;
            uint64_t bits;
        } value = {.number = (double)(float)(1.0 / (double)(i + 1))};
        wire_store_u64(room.values, i, value.bits);
    }
    *out_steps = room.steps;
    *out = (struct wire_block){.keyset_id = 1,
                               .columns = METRICS,
                               .calls = calls,
                               .steps = room.steps,
                               .times_ns = room.times_ns,
                               .values = room.values};
    return ERR_OK;
}

static enum err send_copy(struct pg *pg, const char *sql, struct buf *copy, struct why *why) {
    enum err err = blockcopy_trailer(copy);
    if (err == ERR_OK) {
        err = pg_run(pg, "begin", why);
    }
    if (err == ERR_OK) {
        err = pg_copy_begin(pg, sql, why);
    }
    if (err == ERR_OK) {
        err = pg_copy_put(pg, copy->ptr, copy->len, why);
    }
    if (err == ERR_OK) {
        err = pg_copy_end(pg, why);
    }
    if (err == ERR_OK) {
        err = pg_run(pg, "commit", why);
    }
    buf_clear(copy);
    return err;
}

/* Every run goes on where its last block ended: equal keys would make the index look small. */
static void advance(uint8_t *steps, uint32_t calls, long block) {
    for (size_t i = 0; i < calls; i++) {
        wire_store_u64(steps, i, (uint64_t)(block / RUNS) * calls + i);
    }
}

static enum err copy_all(struct pg *pg, const char *sql, const struct wire_block *block,
                         uint8_t *steps, long blocks, struct why *why) {
    struct buf copy;
    buf_init(&copy, COPY_BYTES_MAX);
    enum err err = ERR_OK;
    for (long i = 0; err == ERR_OK && i < blocks; i++) {
        const struct blockcopy_owner owner = {.run_id = (uint64_t)(i % RUNS + 1) << 40};
        advance(steps, block->calls, i);
        err = copy.len == 0 ? blockcopy_header(&copy) : ERR_OK;
        if (err == ERR_OK) {
            err = blockcopy_tuple(&owner, block, &copy);
        }
        if (err == ERR_OK && (copy.len > COMMIT_BYTES || i + 1 == blocks)) {
            err = send_copy(pg, sql, &copy, why);
        }
    }
    buf_fini(&copy);
    return err;
}

int main(int argc, char **argv) {
    struct pg *pg;
    struct why why = {""};
    struct buf frame;
    struct wire_block block;
    uint8_t *steps;
    char sql[256];
    if (argc != 5) {
        return 2;
    }
    const uint32_t calls = (uint32_t)strtoul(argv[3], NULL, 10);
    const long blocks = strtol(argv[4], NULL, 10);
    buf_init(&frame, WIRE_FRAME_BYTES_MAX);
    snprintf(sql, sizeof sql,
             "copy %s (run_id, keyset_id, first_step, last_step, rank, attempt, steps, times, "
             "values) from stdin (format binary)",
             argv[2]);
    enum err err = one_block(&frame, calls, &steps, &block);
    if (err == ERR_OK) {
        err = pg_open(argv[1], "copyblocks", &pg, &why);
    }
    if (err != ERR_OK) {
        fprintf(stderr, "copyblocks: %s\n", why.text);
        return 1;
    }
    const int64_t begin_ns = clock_mono_ns();
    err = copy_all(pg, sql, &block, steps, blocks, &why);
    const double seconds = (double)(clock_mono_ns() - begin_ns) / 1e9;
    pg_close(pg);
    buf_fini(&frame);
    if (err != ERR_OK) {
        fprintf(stderr, "copyblocks: %s\n", why.text);
        return 1;
    }
    printf("%.0f\n", (double)blocks * calls * METRICS / seconds);
    return 0;
}
