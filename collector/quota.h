/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COLLECTOR_QUOTA_H
#define COLLECTOR_QUOTA_H

/* How much each key may write. A batch is taken if its key has one left, and costs what is in it:
 * so the rate is exact over time, and any single batch, however large, passes some time. Spent only
 * if the batch is taken. Ingest thread only. Pure: time is given.
 *
 * A name counts as new if this key did not use its keyset lately (65536 keysets of all keys are
 * remembered): the thousand ranks of a run, and a restarted one, pay once. */

#include <stddef.h>
#include <stdint.h>

#include "collector/allowlist.h"
#include "schema/wire/wire.h"

#define QUOTA_KEYSETS_MAX 65536

enum quota_kind { QUOTA_NONE, QUOTA_POINTS, QUOTA_SERIES, QUOTA_ALERTS, QUOTA_KINDS };

struct quota;

struct quota *quota_new(void);
void quota_free(struct quota *quota); /* NULL is fine */

/* Takes what the batch costs; or, if its key is over one of its limits, tells which and takes
 * nothing. */
enum quota_kind quota_take(struct quota *quota, uint64_t key_id,
                           const struct allowlist_limits *limits, const struct wire_batch *batch,
                           int64_t now_ns);

#endif
