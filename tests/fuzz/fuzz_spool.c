/* SPDX-License-Identifier: Apache-2.0 */
/* Recovery of a spool from a damaged file. The input is a list of changes of a good file: each byte
 * that it names is replaced, the file may be cut, and the checksums may be made right again, as
 * somebody would who wants to be believed. */

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "emitter/spool.h"
#include "schema/wire/crc32c.h"
#include "tests/fuzz/fuzz.h"

#define BATCHES     8U
#define CALLS       3U
#define READS_MAX   256U
#define HEAD_BYTES  152U /* of the file, with the label below */
#define RECORD_HEAD 64U
#define KEY_AT      56U

static const struct wire_id STREAM = {{0xab}};

struct image {
    size_t len;
    uint8_t bytes[4096];
};

static struct spooldir dir;
static struct image good;
static struct buf items;
static size_t records[BATCHES]; /* where they begin */

static struct str items_of(uint64_t seq) {
    static char bytes[64];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (char)(seq * 31 + i);
    }
    return (struct str){.ptr = bytes, .len = 1 + seq * 7 % 40};
}

static int open_image(int flags) {
    const int fd =
        openat(dir.fd, "ab000000000000000000000000000000-1-1.spool", flags | O_CLOEXEC, 0600);
    FUZZ_MUST(fd >= 0);
    return fd;
}

static void make_good(void) {
    char path[] = "/dev/shm/fuzz-spool-XXXXXX";
    const struct segment_label label = {.hello = {.ptr = "hello", .len = 5},
                                        .endpoints = {.ptr = "ipc:///e", .len = 8},
                                        .ring_path = {.ptr = "/ring", .len = 5}};
    FUZZ_MUST(mkdtemp(path) != NULL && spooldir_open(path, 1 << 20, &dir, NULL) == ERR_OK);
    struct spool *spool = spool_new(&dir, &STREAM, WIRE_LANE_METRICS);
    FUZZ_MUST(spool != NULL && spool_set_label(spool, &label, NULL) == ERR_OK);
    size_t at = HEAD_BYTES;
    for (uint64_t seq = 1; seq <= BATCHES; seq++) {
        const struct segment_batch batch = {.seq = seq,
                                            .emitted = seq * (CALLS + 1),
                                            .dropped = seq,
                                            .dropped_before = seq - 1,
                                            .calls_before = (seq - 1) * CALLS,
                                            .calls = CALLS,
                                            .items = 1};
        records[seq - 1] = at;
        FUZZ_MUST(spool_append(spool, &batch, items_of(seq), NULL) == ERR_OK);
        at = (at + RECORD_HEAD + items_of(seq).len + 7) & ~(size_t)7;
    }
    spool_free(spool, false);
    const int fd = open_image(O_RDONLY);
    const ssize_t n = read(fd, good.bytes, sizeof good.bytes);
    FUZZ_MUST(n > 0 && (size_t)n == at);
    good.len = (size_t)n;
    close(fd);
    buf_init(&items, WIRE_FRAME_BYTES_MAX);
}

/* A run of the fuzzer leaves nothing behind: the files have no names any more when it ends. */
static void remove_dir(void) {
    unlinkat(dir.fd, "ab000000000000000000000000000000-1-1.spool", 0);
    unlinkat(dir.fd, "ab000000000000000000000000000000-1-1.spool.damaged", 0);
    unlinkat(dir.fd, "ab000000000000000000000000000000.lock", 0);
    rmdir(dir.path);
}

static void repair(struct image *image) {
    uint64_t key;
    const uint32_t crc = crc32c(0, image->bytes + 12, HEAD_BYTES - 12);
    memcpy(image->bytes + 8, &crc, sizeof crc);
    memcpy(&key, image->bytes + KEY_AT, sizeof key);
    for (size_t i = 0; i < BATCHES; i++) {
        uint8_t *record = image->bytes + records[i];
        const uint32_t head = crc32c(crc32c(0, &key, sizeof key), record + 8, RECORD_HEAD - 8);
        memcpy(record + 4, &head, sizeof head);
    }
}

/* Returns whether checksums were made right. */
static bool change(const uint8_t *data, size_t size, struct image *out) {
    *out = good;
    for (size_t i = 3; i + 2 < size; i += 3) {
        out->bytes[(data[i] | (size_t)data[i + 1] << 8) % out->len] = data[i + 2];
    }
    const bool repaired = size > 0 && data[0] % 2 == 1;
    if (repaired) {
        repair(out);
    }
    if (size > 2 && data[0] % 4 >= 2) {
        out->len = (data[1] | (size_t)data[2] << 8) % (good.len + 1);
    }
    return repaired;
}

static void put_image(const struct image *image) {
    const int fd = open_image(O_RDWR | O_CREAT | O_TRUNC);
    FUZZ_MUST(write(fd, image->bytes, image->len) == (ssize_t)image->len);
    close(fd);
}

static void check(const struct segment_batch *batch, bool repaired) {
    FUZZ_MUST(items.len <= WIRE_FRAME_BYTES_MAX);
    if (batch->items == 0) {
        FUZZ_MUST(repaired || (batch->calls == 0 && items.len == 0));
    } else if (!repaired) {
        const struct str wanted = items_of(batch->seq);
        FUZZ_MUST(items.len == wanted.len && memcmp(items.ptr, wanted.ptr, wanted.len) == 0);
    }
}

static void read_back(struct spool *spool, bool repaired) {
    struct spool_mark mark = spool_start(spool);
    const uint64_t calls_before = mark.calls - mark.lost;
    uint64_t calls = 0;
    struct segment_batch batch;
    uint64_t seq = mark.seq;
    for (unsigned n = 0; n < READS_MAX && spool_read(spool, &mark, &items, &batch); n++, seq++) {
        FUZZ_MUST(batch.seq == seq && mark.seq == seq + 1);
        check(&batch, repaired);
        calls += batch.calls;
    }
    FUZZ_MUST(repaired || mark.dropped == spool_last(spool).dropped);
    FUZZ_MUST(repaired || calls_before + calls + mark.lost == mark.calls);
    FUZZ_MUST(repaired || mark.seq == spool_last(spool).seq + 1);
    spool_acknowledge(spool, &mark);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct image image;
    if (good.len == 0) {
        make_good();
        atexit(remove_dir);
    }
    const bool repaired = change(data, size, &image);
    put_image(&image);
    struct spool *spool = spool_new(&dir, &STREAM, WIRE_LANE_METRICS);
    FUZZ_MUST(spool != NULL);
    const enum err err = spool_recover(spool);
    FUZZ_MUST(err == ERR_OK || err == ERR_NOT_FOUND);
    if (!repaired && image.len >= HEAD_BYTES && size <= 3) {
        FUZZ_MUST(err == ERR_OK); /* only cut */
    }
    read_back(spool, repaired);
    spool_free(spool, false);
    return 0;
}
