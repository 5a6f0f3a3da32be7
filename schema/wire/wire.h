/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SCHEMA_WIRE_WIRE_H
#define SCHEMA_WIRE_WIRE_H

/* The bytes on the bus: docs/wire.md draws them. One ZeroMQ message part = one frame = one msgpack
 * array ["TCS1", kind, field...]. Encoding uses msgpack-c; decoding is a bounded walk of our own
 * that allocates nothing: every count is compared with the bytes that remain and with a limit
 * below before it is used, so no frame costs more memory than its own length.
 *
 * wire_decode() validates the whole frame, items included; walking the items afterwards cannot
 * fail. Every view in a decoded struct borrows the frame's bytes.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "schema/wire/buf.h"
#include "schema/wire/err.h"

#define WIRE_MAGIC   "TCS" /* the first three bytes of the tag; the fourth is the version */
#define WIRE_VERSION 1

/* Limits. Each is a promise to the other side: the emitter refuses at the call what the collector
 * would refuse on the wire. docs/wire.md gives the reason for every number. */
#define WIRE_FRAME_BYTES_MAX        (1024 * 1024)
#define WIRE_FRAME_BYTES_TARGET     (64 * 1024)
#define WIRE_ITEMS_MAX              4096 /* items in one batch */
#define WIRE_NAME_BYTES_MAX         255  /* project, run, group, host, metric names */
#define WIRE_KEYSET_COLUMNS_MAX     4096
#define WIRE_KEYSET_NAMES_BYTES_MAX (256 * 1024) /* all names of one keyset together */
#define WIRE_BLOCK_CALLS_MAX        65536
#define WIRE_CONFIG_BYTES_MAX       (256 * 1024)
#define WIRE_TITLE_BYTES_MAX        1024
#define WIRE_TEXT_BYTES_MAX         (32 * 1024)
#define WIRE_URL_BYTES_MAX          2048
#define WIRE_WORLD_SIZE_MAX         1048576
#define WIRE_WINDOW_BATCHES         12 /* must stay below the ROUTER's RCVHWM of 16 */
#define WIRE_WINDOW_BYTES           (1024 * 1024)

#define WIRE_STEP_NONE INT64_MIN /* no step, or nobody knows it; nil on the wire */
#define WIRE_TIME_NONE 0         /* nobody knows when; nil on the wire */

struct wire_id { /* 128 random bits naming one producer */
    uint8_t bytes[16];
};

enum wire_lane { WIRE_LANE_EVENTS = 0, WIRE_LANE_METRICS = 1, WIRE_LANES = 2 };
enum wire_level { WIRE_LEVEL_INFO = 0, WIRE_LEVEL_WARN = 1, WIRE_LEVEL_ERROR = 2 };
enum wire_resume { WIRE_RESUME_NEVER = 0, WIRE_RESUME_ALLOW = 1, WIRE_RESUME_MUST = 2 };
enum wire_series { WIRE_SERIES_METRIC = 0, WIRE_SERIES_SYSTEM = 1 };
enum wire_ending { WIRE_ENDING_FINISHED = 0, WIRE_ENDING_FAILED = 1 };

enum wire_kind {
    WIRE_HELLO = 1,    /* emitter: who I am; sent after every connect, answered by welcome */
    WIRE_BATCH = 2,    /* emitter: items of one lane under one sequence number */
    WIRE_WELCOME = 16, /* collector: where each lane stands in PostgreSQL */
    WIRE_ACK = 17,     /* collector: committed up to and including last_seq */
    WIRE_NACK = 18,    /* collector: not accepted; go back to last_seq + 1 */
    WIRE_REJECT = 19,  /* collector: this frame is refused, with the reason */
};

enum wire_nack_reason { WIRE_NACK_GAP = 0, WIRE_NACK_UNKNOWN_PRODUCER = 1 };

/* Reject reasons are numbers on the wire: only added, never renumbered. */
enum wire_refusal {
    WIRE_REFUSAL_MALFORMED = 1,
    WIRE_REFUSAL_VERSION = 2,
    WIRE_REFUSAL_MULTIPART = 3,
    WIRE_REFUSAL_NO_RUN_TO_RESUME = 4, /* resume=must and no run of that name */
    WIRE_REFUSAL_CONTENT = 5,          /* PostgreSQL refused the content */
    WIRE_REFUSAL_FRAME_TOO_LARGE = 6,
    WIRE_REFUSAL_KEY = 7,           /* revoked, or the producer belongs to another key */
    WIRE_REFUSAL_PROJECT = 8,       /* the key is not bound to the run's project */
    WIRE_REFUSAL_QUOTA_METRICS = 9, /* too many points or new names: send the lane again later */
    WIRE_REFUSAL_QUOTA_EVENTS = 10, /* too many alerts: send the lane again later */
};
#define WIRE_REFUSAL_MAX 255 /* up to here unknown reasons decode, and mean just "refused" */

struct wire_hello {
    struct wire_id producer;
    uint64_t run_id; /* below 2^63; the collector may answer another one (resume) */
    uint32_t rank;
    uint32_t world_size;
    enum wire_resume resume;
    int64_t started_ns; /* wall time of this process start */
    uint32_t pid;
    struct str project; /* 1..WIRE_NAME_BYTES_MAX bytes */
    struct str name;    /* never empty on the wire: the emitter makes one */
    struct str group;   /* may be empty */
    struct str host;
    struct str user;
    struct str client; /* for example "libtocsin/0.1.0" */
    struct str config; /* JSON object as text; empty: none */
};

/* Walks the items of a decoded batch; opaque. */
struct wire_cursor {
    const uint8_t *at;
    const uint8_t *end;
    uint32_t items_left;
};

struct wire_batch {
    struct wire_id producer;
    enum wire_lane lane;
    uint64_t seq;     /* 1, 2, 3 ... per producer and lane */
    uint64_t emitted; /* calls of this lane so far, accepted or dropped, when it was built */
    uint64_t dropped; /* calls of this lane counted as dropped so far */
    struct wire_cursor items;
};

enum wire_item_kind {
    WIRE_ITEM_KEYSET = 1, /* metrics lane: names of a keyset, before its first block */
    WIRE_ITEM_BLOCK = 2,  /* metrics lane */
    WIRE_ITEM_ALERT = 3,  /* events lane */
    WIRE_ITEM_FINISH = 4, /* events lane */
    WIRE_ITEM_CONFIG = 5, /* events lane: JSON object merged into the run's config */
    WIRE_ITEM_GAP = 6,    /* metrics lane: calls that were dropped */
};

struct wire_keyset {
    uint64_t keyset_id; /* wire_keyset_id() of kind and names; checked when decoded */
    enum wire_series kind;
    uint32_t columns;         /* 1..WIRE_KEYSET_COLUMNS_MAX */
    struct wire_cursor names; /* walk with wire_next_name() */
};

/* n calls of one keyset, column by column. The arrays are little-endian and unaligned: read them
 * with wire_i64_at() and wire_f64_at(). values: all n of column 0, then all n of column 1, ...
 * System calls have no step of their own: their step is their time in microseconds, so that the
 * range of steps of a block is a range of times. */
struct wire_block {
    uint64_t keyset_id;
    uint32_t columns;
    uint32_t calls;          /* n, 1..WIRE_BLOCK_CALLS_MAX */
    const uint8_t *steps;    /* n int64 */
    const uint8_t *times_ns; /* n int64, Unix epoch */
    const uint8_t *values;   /* columns * n float64 */
};

struct wire_alert {
    enum wire_level level;
    struct str title; /* 1..WIRE_TITLE_BYTES_MAX bytes */
    struct str text;  /* ptr NULL: no text */
    int64_t step;     /* WIRE_STEP_NONE: no step */
    int64_t time_ns;
    struct str webhook_url; /* ptr NULL: none; WIRE_URL_NOWHERE: no endpoint gets this alert */
};

#define WIRE_URL_NOWHERE ((struct str){.ptr = "", .len = 0})

struct wire_finish {
    enum wire_ending ending;
    int64_t time_ns;
};

/* From the lowest to the highest of what is known of some calls. */
struct wire_span {
    int64_t first_step; /* both WIRE_STEP_NONE: unknown */
    int64_t last_step;
    int64_t first_time_ns; /* both WIRE_TIME_NONE: unknown */
    int64_t last_time_ns;
};

#define WIRE_SPAN_NONE                                                                             \
    ((struct wire_span){WIRE_STEP_NONE, WIRE_STEP_NONE, WIRE_TIME_NONE, WIRE_TIME_NONE})

/* Calls that were dropped or lost: what is added to `dropped` since the batch before, said in its
 * place. System calls have no part in the steps. */
struct wire_gap {
    uint64_t calls; /* 1 or more */
    struct wire_span span;
};

struct wire_item {
    enum wire_item_kind kind;
    union {
        struct wire_keyset keyset;
        struct wire_block block;
        struct wire_alert alert;
        struct wire_finish finish;
        struct str config;
        struct wire_gap gap;
    };
};

struct wire_welcome {
    struct wire_id producer;
    uint64_t run_id;               /* the run that this producer now writes into */
    uint32_t attempt;              /* 0 for the first start of this rank in this run */
    uint64_t last_seq[WIRE_LANES]; /* committed */
};

struct wire_ack {
    struct wire_id producer;
    enum wire_lane lane;
    uint64_t last_seq;
};

struct wire_nack {
    struct wire_id producer;
    enum wire_lane lane;
    uint64_t last_seq;
    enum wire_nack_reason reason;
};

struct wire_reject {
    bool has_producer; /* false: the frame was too broken to tell */
    struct wire_id producer;
    enum wire_refusal reason;
    struct str text; /* one sentence for a person, at most WIRE_TITLE_BYTES_MAX */
};

struct wire_frame {
    enum wire_kind kind;
    union {
        struct wire_hello hello;
        struct wire_batch batch;
        struct wire_welcome welcome;
        struct wire_ack ack;
        struct wire_nack nack;
        struct wire_reject reject;
    };
};

/* Decodes and validates one whole frame of either direction. Errors: ERR_MAGIC, ERR_VERSION,
 * ERR_TRUNCATED, ERR_TRAILING, ERR_TYPE, ERR_VALUE, ERR_TOO_LONG, ERR_UTF8. */
enum err wire_decode(const void *bytes, size_t len, struct wire_frame *out) ERR_MUST_CHECK;

/* False at the end. Only on cursors of a frame that wire_decode() accepted. */
bool wire_next_item(struct wire_cursor *items, struct wire_item *out);
bool wire_next_name(struct wire_cursor *names, struct str *out);

enum wire_lane wire_item_lane(enum wire_item_kind kind);
/* Calls of the lane that an item holds: an event is one, a definition or a gap is none. */
uint64_t wire_item_calls(const struct wire_item *item);
/* Whether first and last are both there or both not, and in order. */
bool wire_span_is_valid(const struct wire_span *span);

static inline int64_t wire_i64_at(const uint8_t *array, size_t i) {
    uint64_t v = 0;
    for (unsigned b = 0; b < 8; b++) {
        v |= (uint64_t)array[i * 8 + b] << (8 * b);
    }
    return (int64_t)v;
}

/* The IEEE 754 bits of a float64, for copying into another format without touching NaN payloads. */
static inline uint64_t wire_f64_bits_at(const uint8_t *array, size_t i) {
    return (uint64_t)wire_i64_at(array, i);
}

/* Id of a keyset: FNV-1a (Fowler, Noll, Vo; 64 bit) over the kind byte and each name preceded by
 * its length as 4 little-endian bytes. The same in every language and process. */
uint64_t wire_keyset_id(enum wire_series kind, size_t n, const struct str *names);
/* The same, name by name: id = begin(kind); id = add(id, name) for each. */
uint64_t wire_keyset_id_begin(enum wire_series kind);
uint64_t wire_keyset_id_add(uint64_t keyset_id, struct str name);

/* The id of a run whose ranks know the same text of their launch. Whoever knows project and text
 * can look the run up before it exists. */
uint64_t wire_run_id(struct str project, struct str launch);

/* Encoders append one whole frame to out (ERR_TOO_LONG past its maximum or WIRE_FRAME_BYTES_MAX).
 * They check what the decoder checks, so an encoded frame always decodes. After an error out holds
 * what it held before. */
enum err wire_encode_hello(const struct wire_hello *hello, struct buf *out) ERR_MUST_CHECK;
enum err wire_encode_welcome(const struct wire_welcome *welcome, struct buf *out) ERR_MUST_CHECK;
enum err wire_encode_ack(const struct wire_ack *ack, struct buf *out) ERR_MUST_CHECK;
enum err wire_encode_nack(const struct wire_nack *nack, struct buf *out) ERR_MUST_CHECK;
enum err wire_encode_reject(const struct wire_reject *reject, struct buf *out) ERR_MUST_CHECK;

/* A batch is built in an empty buffer: begin (header, with the number of items to follow), then one
 * wire_put_* for each. batch->items is ignored. The caller keeps to that number and to the lane's
 * items: a single put cannot see them. */
enum err wire_begin_batch(const struct wire_batch *batch, uint32_t items,
                          struct buf *out) ERR_MUST_CHECK;
enum err wire_put_keyset(uint64_t keyset_id, enum wire_series kind, size_t n,
                         const struct str *names, struct buf *out) ERR_MUST_CHECK;
enum err wire_put_alert(const struct wire_alert *alert, struct buf *out) ERR_MUST_CHECK;
enum err wire_put_finish(const struct wire_finish *finish, struct buf *out) ERR_MUST_CHECK;
enum err wire_put_config(struct str config, struct buf *out) ERR_MUST_CHECK;
enum err wire_put_gap(const struct wire_gap *gap, struct buf *out) ERR_MUST_CHECK;
/* Reserves a block's arrays inside the frame and points out_block's (writable) arrays at them, so
 * that the caller fills them in place, column by column, little-endian. The pointers are valid
 * until the next append to out. */
struct wire_block_room {
    uint8_t *steps;
    uint8_t *times_ns;
    uint8_t *values;
};
enum err wire_put_block(uint64_t keyset_id, uint32_t columns, uint32_t calls, struct buf *out,
                        struct wire_block_room *out_room) ERR_MUST_CHECK;

static inline void wire_store_u64(uint8_t *array, size_t i, uint64_t v) {
    for (unsigned b = 0; b < 8; b++) {
        array[i * 8 + b] = (uint8_t)(v >> (8 * b));
    }
}

#endif
