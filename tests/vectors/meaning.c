/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/vectors/meaning.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The fields of a JSON object by name, each of the type that the field must have. */

static json_t *field(json_t *object, const char *name) {
    json_t *value = json_object_get(object, name);
    if (value == NULL) {
        fail_msg("no field %s", name);
    }
    return value;
}

static int64_t int_field(json_t *object, const char *name) {
    json_t *value = field(object, name);
    assert_true(json_is_integer(value));
    return json_integer_value(value);
}

static struct str text_of(json_t *value) {
    assert_true(json_is_string(value));
    return (struct str){.ptr = json_string_value(value), .len = json_string_length(value)};
}

static struct str text_field(json_t *object, const char *name) {
    return text_of(field(object, name));
}

static struct str text_or_null(json_t *object, const char *name) {
    return json_is_null(field(object, name)) ? (struct str){0} : text_field(object, name);
}

/* A number written as hexadecimal text: JSON's own numbers do not hold 64 bits everywhere. */
static uint64_t hex_of(json_t *value) {
    char *end;
    const char *text = text_of(value).ptr;
    const uint64_t number = strtoull(text, &end, 16);
    assert_true(end == text + 16 && *end == '\0');
    return number;
}

static struct wire_id id_field(json_t *object) {
    const struct str text = text_field(object, "producer");
    struct wire_id id;
    assert_int_equal(text.len, 2 * sizeof id.bytes);
    for (size_t i = 0; i < sizeof id.bytes; i++) {
        const char digits[] = {text.ptr[2 * i], text.ptr[2 * i + 1], '\0'};
        id.bytes[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    return id;
}

/* The place of a field's word in a list that ends with NULL. */
static unsigned word_field(json_t *object, const char *name, const char *const *words) {
    const struct str text = text_field(object, name);
    for (unsigned i = 0; words[i] != NULL; i++) {
        if (str_equal(text, str_of(words[i]))) {
            return i;
        }
    }
    fail_msg("%s is %s", name, text.ptr);
    return 0;
}

static const char *const lanes[] = {"events", "metrics", NULL};
static const char *const levels[] = {"info", "warn", "error", NULL};
static const char *const resumes[] = {"never", "allow", "must", NULL};
static const char *const series[] = {"metric", "system", NULL};
static const char *const endings[] = {"finished", "failed", NULL};
static const char *const nacks[] = {"gap", "unknown_producer", NULL};

static enum err put_keyset(json_t *item, struct buf *out) {
    static struct str names[WIRE_KEYSET_COLUMNS_MAX];
    json_t *list = field(item, "names");
    const size_t n = json_array_size(list);
    assert_true(n <= WIRE_KEYSET_COLUMNS_MAX);
    for (size_t i = 0; i < n; i++) {
        names[i] = text_of(json_array_get(list, i));
    }
    return wire_put_keyset(hex_of(field(item, "keyset_id")), word_field(item, "series", series), n,
                           names, out);
}

static void store_ints(json_t *list, uint32_t n, uint8_t *array) {
    assert_int_equal(json_array_size(list), n);
    for (size_t i = 0; i < n; i++) {
        wire_store_u64(array, i, (uint64_t)json_integer_value(json_array_get(list, i)));
    }
}

static enum err put_block(json_t *item, struct buf *out) {
    const uint32_t columns = (uint32_t)int_field(item, "columns");
    const uint32_t calls = (uint32_t)int_field(item, "calls");
    struct wire_block_room room;
    enum err err = wire_put_block(hex_of(field(item, "keyset_id")), columns, calls, out, &room);
    if (err != ERR_OK) {
        return err;
    }
    store_ints(field(item, "steps"), calls, room.steps);
    store_ints(field(item, "times_ns"), calls, room.times_ns);
    assert_int_equal(json_array_size(field(item, "values")), columns);
    for (size_t c = 0; c < columns; c++) {
        json_t *column = json_array_get(field(item, "values"), c);
        assert_int_equal(json_array_size(column), calls);
        for (size_t i = 0; i < calls; i++) {
            wire_store_u64(room.values, c * calls + i, hex_of(json_array_get(column, i)));
        }
    }
    return ERR_OK;
}

static int64_t int_or(json_t *item, const char *name, int64_t none) {
    return json_is_null(field(item, name)) ? none : int_field(item, name);
}

static enum err put_alert(json_t *item, struct buf *out) {
    const struct wire_alert alert = {
        .level = word_field(item, "level", levels),
        .title = text_field(item, "title"),
        .text = text_or_null(item, "text"),
        .step = int_or(item, "step", WIRE_STEP_NONE),
        .time_ns = int_field(item, "time_ns"),
        .webhook_url = text_or_null(item, "webhook_url"),
    };
    return wire_put_alert(&alert, out);
}

static enum err put_finish(json_t *item, struct buf *out) {
    const struct wire_finish finish = {.ending = word_field(item, "ending", endings),
                                       .time_ns = int_field(item, "time_ns")};
    return wire_put_finish(&finish, out);
}

static enum err put_config(json_t *item, struct buf *out) {
    return wire_put_config(text_field(item, "config"), out);
}

static enum err put_gap(json_t *item, struct buf *out) {
    const struct wire_gap gap = {
        .calls = (uint64_t)int_field(item, "calls"),
        .span = {.first_step = int_or(item, "first_step", WIRE_STEP_NONE),
                 .last_step = int_or(item, "last_step", WIRE_STEP_NONE),
                 .first_time_ns = int_or(item, "first_time_ns", WIRE_TIME_NONE),
                 .last_time_ns = int_or(item, "last_time_ns", WIRE_TIME_NONE)},
    };
    return wire_put_gap(&gap, out);
}

struct encoder {
    const char *name;
    enum err (*encode)(json_t *meaning, struct buf *out);
};

static enum err encode_by_name(const struct encoder *encoders, const char *tag, json_t *meaning,
                               struct buf *out) {
    const struct str name = text_field(meaning, tag);
    for (const struct encoder *e = encoders; e->name != NULL; e++) {
        if (str_equal(name, str_of(e->name))) {
            return e->encode(meaning, out);
        }
    }
    fail_msg("%s is %s", tag, name.ptr);
    return ERR_VALUE;
}

static enum err encode_batch(json_t *meaning, struct buf *out) {
    static const struct encoder items[] = {
        {"keyset", put_keyset}, {"block", put_block}, {"alert", put_alert}, {"finish", put_finish},
        {"config", put_config}, {"gap", put_gap},     {NULL, NULL}};
    const struct wire_batch batch = {
        .producer = id_field(meaning),
        .lane = word_field(meaning, "lane", lanes),
        .seq = (uint64_t)int_field(meaning, "seq"),
        .emitted = (uint64_t)int_field(meaning, "emitted"),
        .dropped = (uint64_t)int_field(meaning, "dropped"),
    };
    json_t *list = field(meaning, "items");
    const size_t n = json_array_size(list);
    enum err err = wire_begin_batch(&batch, (uint32_t)n, out);
    for (size_t i = 0; err == ERR_OK && i < n; i++) {
        err = encode_by_name(items, "item", json_array_get(list, i), out);
    }
    return err;
}

static enum err encode_hello(json_t *meaning, struct buf *out) {
    const struct wire_hello hello = {
        .producer = id_field(meaning),
        .run_id = (uint64_t)int_field(meaning, "run_id"),
        .rank = (uint32_t)int_field(meaning, "rank"),
        .world_size = (uint32_t)int_field(meaning, "world_size"),
        .resume = word_field(meaning, "resume", resumes),
        .started_ns = int_field(meaning, "started_ns"),
        .pid = (uint32_t)int_field(meaning, "pid"),
        .project = text_field(meaning, "project"),
        .name = text_field(meaning, "name"),
        .group = text_field(meaning, "group"),
        .host = text_field(meaning, "host"),
        .user = text_field(meaning, "user"),
        .client = text_field(meaning, "client"),
        .config = text_field(meaning, "config"),
    };
    return wire_encode_hello(&hello, out);
}

static enum err encode_welcome(json_t *meaning, struct buf *out) {
    const struct wire_welcome welcome = {
        .producer = id_field(meaning),
        .run_id = (uint64_t)int_field(meaning, "run_id"),
        .attempt = (uint32_t)int_field(meaning, "attempt"),
        .last_seq = {(uint64_t)int_field(meaning, "last_seq_events"),
                     (uint64_t)int_field(meaning, "last_seq_metrics")},
    };
    return wire_encode_welcome(&welcome, out);
}

static enum err encode_ack(json_t *meaning, struct buf *out) {
    const struct wire_ack ack = {
        .producer = id_field(meaning),
        .lane = word_field(meaning, "lane", lanes),
        .last_seq = (uint64_t)int_field(meaning, "last_seq"),
    };
    return wire_encode_ack(&ack, out);
}

static enum err encode_nack(json_t *meaning, struct buf *out) {
    const struct wire_nack nack = {
        .producer = id_field(meaning),
        .lane = word_field(meaning, "lane", lanes),
        .last_seq = (uint64_t)int_field(meaning, "last_seq"),
        .reason = word_field(meaning, "reason", nacks),
    };
    return wire_encode_nack(&nack, out);
}

static enum err encode_reject(json_t *meaning, struct buf *out) {
    struct wire_reject reject = {
        .has_producer = !json_is_null(field(meaning, "producer")),
        .reason = (enum wire_refusal)int_field(meaning, "reason"),
        .text = text_field(meaning, "text"),
    };
    if (reject.has_producer) {
        reject.producer = id_field(meaning);
    }
    return wire_encode_reject(&reject, out);
}

enum err meaning_encode(json_t *meaning, struct buf *out) {
    static const struct encoder frames[] = {
        {"hello", encode_hello},
        {"batch", encode_batch},
        {"welcome", encode_welcome},
        {"ack", encode_ack},
        {"nack", encode_nack},
        {"reject", encode_reject},
        {NULL, NULL},
    };
    return encode_by_name(frames, "kind", meaning, out);
}
