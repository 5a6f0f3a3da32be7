/* SPDX-License-Identifier: Apache-2.0 */
#include "emitter/records.h"

#include <string.h>

#define ABSENT UINT32_MAX /* length of a text that is not there */

struct call_head {
    uint64_t keyset_id;
    int64_t step;
    int64_t time_ns;
};

bool records_push_call(struct ring *ring, uint64_t keyset_id, int64_t step, int64_t time_ns,
                       uint32_t columns, const double *values)
{
    const uint32_t values_bytes = columns * (uint32_t)sizeof *values;
    uint64_t position;
    struct call_head *head = ring_reserve(
        ring, RING_CALL, (uint32_t)sizeof *head + values_bytes, &position);
    if (head == NULL) {
        return false;
    }
    *head = (struct call_head){.keyset_id = keyset_id, .step = step, .time_ns = time_ns};
    memcpy(head + 1, values, values_bytes);
    ring_publish(ring, position);
    return true;
}

struct records_call records_read_call(const struct ring_record *record)
{
    struct call_head head;
    memcpy(&head, record->payload, sizeof head);
    return (struct records_call){.keyset_id = head.keyset_id,
                                 .step = head.step,
                                 .time_ns = head.time_ns,
                                 .columns = (record->len - (uint32_t)sizeof head) / 8,
                                 .values = record->payload + sizeof head};
}

/* Behind the head: a length byte and the bytes of each name. */
bool records_push_keyset(struct ring *ring, struct records_keyset keyset, const char *const *names)
{
    uint32_t len = (uint32_t)sizeof keyset;
    for (uint32_t i = 0; i < keyset.columns; i++) {
        len += 1 + (uint32_t)strlen(names[i]);
    }
    uint64_t position;
    uint8_t *at = ring_reserve(ring, RING_KEYSET, len, &position);
    if (at == NULL) {
        return false;
    }
    memcpy(at, &keyset, sizeof keyset);
    at += sizeof keyset;
    for (uint32_t i = 0; i < keyset.columns; i++) {
        const size_t bytes = strlen(names[i]);
        *at = (uint8_t)bytes;
        memcpy(at + 1, names[i], bytes);
        at += 1 + bytes;
    }
    ring_publish(ring, position);
    return true;
}

struct records_keyset records_read_keyset(const struct ring_record *record, struct str *out_names)
{
    struct records_keyset keyset;
    memcpy(&keyset, record->payload, sizeof keyset);
    const uint8_t *at = record->payload + sizeof keyset;
    for (uint32_t i = 0; i < keyset.columns; i++) {
        out_names[i] = (struct str){.ptr = (const char *)at + 1, .len = *at};
        at += 1 + *at;
    }
    return keyset;
}

struct alert_head {
    int64_t step;
    int64_t time_ns;
    uint32_t level;
    uint32_t lengths[3]; /* title, text, webhook_url; ABSENT */
};

static uint32_t length_of(struct str s)
{
    return s.ptr != NULL ? (uint32_t)s.len : ABSENT;
}

bool records_push_alert(struct ring *ring, const struct wire_alert *alert)
{
    const struct str texts[3] = {alert->title, alert->text, alert->webhook_url};
    struct alert_head head = {
        .step = alert->step, .time_ns = alert->time_ns, .level = alert->level};
    uint32_t len = (uint32_t)sizeof head;
    for (int i = 0; i < 3; i++) {
        head.lengths[i] = length_of(texts[i]);
        len += (uint32_t)texts[i].len;
    }
    uint64_t position;
    uint8_t *at = ring_reserve(ring, RING_ALERT, len, &position);
    if (at == NULL) {
        return false;
    }
    memcpy(at, &head, sizeof head);
    at += sizeof head;
    for (int i = 0; i < 3; i++) {
        if (texts[i].len > 0) {
            memcpy(at, texts[i].ptr, texts[i].len);
        }
        at += texts[i].len;
    }
    ring_publish(ring, position);
    return true;
}

struct wire_alert records_read_alert(const struct ring_record *record)
{
    struct alert_head head;
    struct str texts[3] = {{0}};
    memcpy(&head, record->payload, sizeof head);
    const uint8_t *at = record->payload + sizeof head;
    for (int i = 0; i < 3; i++) {
        if (head.lengths[i] != ABSENT) {
            texts[i] = (struct str){.ptr = (const char *)at, .len = head.lengths[i]};
            at += head.lengths[i];
        }
    }
    return (struct wire_alert){.level = (enum wire_level)head.level,
                               .title = texts[0],
                               .text = texts[1],
                               .step = head.step,
                               .time_ns = head.time_ns,
                               .webhook_url = texts[2]};
}

static bool push_bytes(struct ring *ring, enum ring_kind kind, const void *bytes, size_t len)
{
    uint64_t position;
    void *at = ring_reserve(ring, kind, (uint32_t)len, &position);
    if (at == NULL) {
        return false;
    }
    memcpy(at, bytes, len);
    ring_publish(ring, position);
    return true;
}

bool records_push_finish(struct ring *ring, struct wire_finish finish)
{
    return push_bytes(ring, RING_FINISH, &finish, sizeof finish);
}

struct wire_finish records_read_finish(const struct ring_record *record)
{
    struct wire_finish finish;
    memcpy(&finish, record->payload, sizeof finish);
    return finish;
}

bool records_push_config(struct ring *ring, struct str config)
{
    return push_bytes(ring, RING_CONFIG, config.ptr, config.len);
}

struct str records_read_config(const struct ring_record *record)
{
    return (struct str){.ptr = (const char *)record->payload, .len = record->len};
}
