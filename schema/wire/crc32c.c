/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/wire/crc32c.h"

#include <pthread.h>

#define POLYNOMIAL 0x82f63b78U /* 0x1edc6f41 with its bits reversed */
#define SLICES     8           /* bytes taken in one round (Kounavis and Berry 2005) */

/* table[k][b]: the checksum of byte b followed by k zeros. */
static uint32_t table[SLICES][256];

static void fill_table(void) {
    for (uint32_t b = 0; b < 256; b++) {
        uint32_t crc = b;
        for (int bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ ((crc & 1) != 0 ? POLYNOMIAL : 0);
        }
        table[0][b] = crc;
    }
    for (uint32_t b = 0; b < 256; b++) {
        for (int k = 1; k < SLICES; k++) {
            table[k][b] = table[k - 1][b] >> 8 ^ table[0][table[k - 1][b] & 0xff];
        }
    }
}

static uint32_t load_u32(const uint8_t *at) {
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

uint32_t crc32c(uint32_t crc, const void *bytes, size_t len) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    const uint8_t *at = bytes;
    pthread_once(&once, fill_table);
    crc = ~crc;
    for (; len >= SLICES; at += SLICES, len -= SLICES) {
        const uint32_t low = load_u32(at) ^ crc;
        const uint32_t high = load_u32(at + 4);
        crc = table[7][low & 0xff] ^ table[6][low >> 8 & 0xff] ^ table[5][low >> 16 & 0xff] ^
              table[4][low >> 24] ^ table[3][high & 0xff] ^ table[2][high >> 8 & 0xff] ^
              table[1][high >> 16 & 0xff] ^ table[0][high >> 24];
    }
    for (; len > 0; at++, len--) {
        crc = crc >> 8 ^ table[0][(crc ^ *at) & 0xff];
    }
    return ~crc;
}
