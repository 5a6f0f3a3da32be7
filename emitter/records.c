/* SPDX-License-Identifier: Apache-2.0 */
#include "emitter/records.h"

#include <string.h>

#define ABSENT UINT32_MAX /* length of a text that is not there */

bool records_push_call(struct ring *ring, struct records_call call, const double *values) {
    const uint32_t values_bytes = call.columns * (uint32_t)sizeof *values;
    uint64_t position;
    uint8_t *at = ring_reserve(ring, RING_CALL, (uint32_t)sizeof call + values_bytes, &position);
    if (at == NULL) {
        return false;
    }
    memcpy(at, &call, sizeof call);
    memcpy(at + sizeof call, values, values_bytes);
    ring_publish(ring, position);
    return true;
}

struct records_call records_read_call(const struct ring_record *record,
                                      const uint8_t **out_values) {
    struct records_call call;
    memcpy(&call, record->payload, sizeof call);
    *out_values = record->payload + sizeof call;
    return call;
}

struct alert_head {
    int64_t step;
    int64_t time_ns;
    uint32_t level;
    uint32_t lengths[3]; /* title, text, webhook_url; ABSENT */
};

static uint32_t length_of(struct str s) {
    return s.ptr != NULL ? (uint32_t)s.len : ABSENT;
}

bool records_push_alert(struct ring *ring, const struct wire_alert *alert) {
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

bool records_is_alert(const struct ring_record *record) {
    struct alert_head head;
    uint64_t bytes = sizeof head;
    if (record->len < sizeof head) {
        return false;
    }
    memcpy(&head, record->payload, sizeof head);
    for (int i = 0; i < 3; i++) {
        bytes += head.lengths[i] != ABSENT ? head.lengths[i] : 0;
    }
    return bytes == record->len;
}

struct wire_alert records_read_alert(const struct ring_record *record) {
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

static bool push_bytes(struct ring *ring, enum ring_kind kind, const void *bytes, size_t len) {
    uint64_t position;
    void *at = ring_reserve(ring, kind, (uint32_t)len, &position);
    if (at == NULL) {
        return false;
    }
    memcpy(at, bytes, len);
    ring_publish(ring, position);
    return true;
}

bool records_push_finish(struct ring *ring, struct wire_finish finish) {
    return push_bytes(ring, RING_FINISH, &finish, sizeof finish);
}

struct wire_finish records_read_finish(const struct ring_record *record) {
    struct wire_finish finish;
    memcpy(&finish, record->payload, sizeof finish);
    return finish;
}

bool records_push_config(struct ring *ring, struct str config) {
    return push_bytes(ring, RING_CONFIG, config.ptr, config.len);
}

struct str records_read_config(const struct ring_record *record) {
    return (struct str){.ptr = (const char *)record->payload, .len = record->len};
}
