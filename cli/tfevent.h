/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_TFEVENT_H
#define CLI_TFEVENT_H

/* The little of TensorFlow's event.proto and summary.proto that scalars need, read from bytes that
 * nobody vouches for: every length is compared with what is left, nothing is allocated, nothing
 * recurses. Pure. */

#include <stdbool.h>
#include <stdint.h>

#include "schema/wire/buf.h"

struct tfevent {
    double wall_time;   /* seconds since 1970; 0: not given */
    int64_t step;       /* 0: not given */
    struct str summary; /* empty: it has none */
    const char *other;  /* what it has instead, for example "graphs"; NULL: nothing of interest */
};

struct tfevent_value {
    struct str tag;
    bool is_scalar;
    double scalar;
    const char *other; /* what it is if it is no scalar, for example "histograms" */
};

/* Views are borrowed from the record. False: this is no event. */
bool tfevent_decode(struct str record, struct tfevent *out);
/* Takes the next value off a summary. out_more false: there is none. False: this is no summary. */
bool tfevent_next(struct str *summary, bool *out_more, struct tfevent_value *out);

#endif
