/* SPDX-License-Identifier: Apache-2.0 */
#include "emitter/ring.h"

#include <stddef.h>

#define ALIGNMENT 16

struct header {
    _Atomic uint64_t stamp;
    uint32_t len;
    uint32_t kind;
};
_Static_assert(sizeof(struct header) == ALIGNMENT, "a pad must always have room for a header");

static struct header *header_at(const struct ring *ring, uint64_t position) {
    return (struct header *)(void *)(ring->bytes + (position & (ring->size - 1)));
}

static uint64_t record_bytes(uint32_t len) {
    return (sizeof(struct header) + (uint64_t)len + ALIGNMENT - 1) & ~(uint64_t)(ALIGNMENT - 1);
}

static void *fill_header(struct ring *ring, uint64_t position, enum ring_kind kind, uint32_t len) {
    struct header *header = header_at(ring, position);
    header->len = len;
    header->kind = kind;
    return header + 1;
}

void ring_publish(struct ring *ring, uint64_t position) {
    atomic_store_explicit(&header_at(ring, position)->stamp, position ^ ring->key,
                          memory_order_release);
}

/* What is left of the turn, if the record does not fit into it. */
static uint64_t pad_bytes(const struct ring *ring, uint64_t head, uint64_t need) {
    const uint64_t left_in_turn = ring->size - (head & (ring->size - 1));
    return need > left_in_turn ? left_in_turn : 0;
}

/* Moves head by as much as the record takes. A head that other threads have moved meanwhile may be
 * behind the tail by now, which looks like a full ring: so full counts only with the newest head.
 */
static bool take_room(struct ring *ring, uint64_t need, uint64_t *out_head, uint64_t *out_pad) {
    uint64_t head = atomic_load_explicit(&ring->shared->head, memory_order_relaxed);
    for (;;) {
        const uint64_t pad = pad_bytes(ring, head, need);
        const uint64_t tail = atomic_load_explicit(&ring->shared->tail, memory_order_acquire);
        if (head + pad + need - tail > ring->size) {
            const uint64_t newest = atomic_load_explicit(&ring->shared->head, memory_order_relaxed);
            if (newest == head) {
                return false;
            }
            head = newest;
        } else if (atomic_compare_exchange_weak_explicit(&ring->shared->head, &head,
                                                         head + pad + need, memory_order_relaxed,
                                                         memory_order_relaxed)) {
            *out_head = head;
            *out_pad = pad;
            return true;
        }
    }
}

void *ring_reserve(struct ring *ring, enum ring_kind kind, uint32_t len, uint64_t *out_position) {
    uint64_t head;
    uint64_t pad;
    if (!take_room(ring, record_bytes(len), &head, &pad)) {
        return NULL;
    }
    if (pad > 0) {
        fill_header(ring, head, RING_PAD, (uint32_t)(pad - sizeof(struct header)));
        ring_publish(ring, head);
    }
    *out_position = head + pad;
    return fill_header(ring, head + pad, kind, len);
}

bool ring_read(const struct ring *ring, uint64_t position, struct ring_record *out) {
    for (;;) {
        struct header *header = header_at(ring, position);
        if (atomic_load_explicit(&header->stamp, memory_order_acquire) != (position ^ ring->key)) {
            return false;
        }
        const uint64_t next = position + record_bytes(header->len);
        if (header->kind != RING_PAD) {
            *out = (struct ring_record){.kind = (enum ring_kind)header->kind,
                                        .len = header->len,
                                        .payload = (const uint8_t *)(header + 1),
                                        .next = next};
            return true;
        }
        position = next;
    }
}

void ring_release(struct ring *ring, uint64_t position) {
    atomic_store_explicit(&ring->shared->tail, position, memory_order_release);
}

uint64_t ring_used(const struct ring *ring) {
    const uint64_t tail = atomic_load_explicit(&ring->shared->tail, memory_order_relaxed);
    return atomic_load_explicit(&ring->shared->head, memory_order_relaxed) - tail;
}

static bool is_published(const struct ring *ring, uint64_t position) {
    return atomic_load_explicit(&header_at(ring, position)->stamp, memory_order_relaxed) ==
           (position ^ ring->key);
}

/* Only padding may reach over the end of a turn: nobody looks into it. */
static bool is_inside(const struct ring *ring, uint64_t position, uint64_t head) {
    const struct header *header = header_at(ring, position);
    const uint64_t bytes = record_bytes(header->len);
    return bytes <= head - position &&
           (header->kind == RING_PAD || (position & (ring->size - 1)) + bytes <= ring->size);
}

bool ring_heal(struct ring *ring) {
    const uint64_t head = atomic_load_explicit(&ring->shared->head, memory_order_relaxed);
    uint64_t at = atomic_load_explicit(&ring->shared->tail, memory_order_relaxed);
    /* Nothing can be published where no room was taken: a reader would not stop there. */
    if (at % ALIGNMENT != 0 || head % ALIGNMENT != 0 || is_published(ring, head)) {
        return false;
    }
    while (at < head) {
        if (!is_published(ring, at)) {
            uint64_t next = at + ALIGNMENT;
            while (next < head && !is_published(ring, next)) {
                next += ALIGNMENT;
            }
            fill_header(ring, at, RING_PAD, (uint32_t)(next - at - sizeof(struct header)));
            ring_publish(ring, at);
        }
        if (!is_inside(ring, at, head)) {
            return false;
        }
        at += record_bytes(header_at(ring, at)->len);
    }
    return true;
}
