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

static struct header *header_at(const struct ring *ring, uint64_t position)
{
    return (struct header *)(void *)(ring->bytes + (position & (ring->size - 1)));
}

static uint64_t record_bytes(uint32_t len)
{
    return (sizeof(struct header) + (uint64_t)len + ALIGNMENT - 1) & ~(uint64_t)(ALIGNMENT - 1);
}

static void *fill_header(struct ring *ring, uint64_t position, enum ring_kind kind, uint32_t len)
{
    struct header *header = header_at(ring, position);
    header->len = len;
    header->kind = kind;
    return header + 1;
}

void ring_publish(struct ring *ring, uint64_t position)
{
    atomic_store_explicit(&header_at(ring, position)->stamp, position ^ ring->key,
                          memory_order_release);
}

void *ring_reserve(struct ring *ring, enum ring_kind kind, uint32_t len, uint64_t *out_position)
{
    const uint64_t need = record_bytes(len);
    uint64_t head = atomic_load_explicit(&ring->shared->head, memory_order_relaxed);
    uint64_t pad;
    do {
        const uint64_t left_in_turn = ring->size - (head & (ring->size - 1));
        pad = need > left_in_turn ? left_in_turn : 0;
        const uint64_t tail = atomic_load_explicit(&ring->shared->tail, memory_order_acquire);
        if (head + pad + need - tail > ring->size) {
            return NULL;
        }
    } while (!atomic_compare_exchange_weak_explicit(&ring->shared->head, &head, head + pad + need,
                                                    memory_order_relaxed, memory_order_relaxed));
    if (pad > 0) {
        fill_header(ring, head, RING_PAD, (uint32_t)(pad - sizeof(struct header)));
        ring_publish(ring, head);
    }
    *out_position = head + pad;
    return fill_header(ring, head + pad, kind, len);
}

bool ring_read(const struct ring *ring, uint64_t position, struct ring_record *out)
{
    for (;;) {
        if (position >= atomic_load_explicit(&ring->shared->head, memory_order_relaxed)) {
            return false;
        }
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

void ring_release(struct ring *ring, uint64_t position)
{
    atomic_store_explicit(&ring->shared->tail, position, memory_order_release);
}
