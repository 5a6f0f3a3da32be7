/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/wire/wire.h"

/* Spreads the hash over all bits (finaliser of splitmix64, Steele et al. 2014): FNV's low bits
 * alone would give neighbouring names to neighbouring runs. */
static uint64_t mix(uint64_t v) {
    v = (v ^ v >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    v = (v ^ v >> 27) * UINT64_C(0x94d049bb133111eb);
    return v ^ v >> 31;
}

uint64_t wire_run_id(struct str project, struct str launch) {
    const struct str parts[] = {project, launch};
    return mix(wire_keyset_id(WIRE_SERIES_METRIC, 2, parts)) & INT64_MAX;
}
