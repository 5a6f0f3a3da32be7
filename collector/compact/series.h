/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COLLECTOR_COMPACT_SERIES_H
#define COLLECTOR_COMPACT_SERIES_H

/* The blocks of one run, keyset, rank and attempt: what is compacted as one. */

#include <stdbool.h>
#include <stdint.h>

struct series {
    int64_t run_id;
    int64_t keyset_id;
    int64_t rank;
    int64_t attempt;
    uint32_t columns;
    bool quiet; /* nothing came for a while: it is joined to its end */
};

#endif
