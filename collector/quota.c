/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/quota.h"

#include <stdbool.h>
#include <stdlib.h>
#include <uthash.h>

#include "schema/wire/clock.h"

struct bucket {
    int64_t limit; /* as it was when left was counted */
    double left;   /* what the key may write now; below zero: in debt. Small rates that are looked
                      at often grow by less than one */
};

struct account {
    uint64_t key_id;
    int64_t seen_ns;
    struct bucket buckets[QUOTA_KINDS];
    UT_hash_handle hh;
};

struct known { /* a keyset that a key used */
    struct {
        uint64_t key_id;
        uint64_t keyset_id;
    } id;
    UT_hash_handle hh;
};

struct quota {
    struct account *accounts; /* as many as there are keys */
    struct known *known;      /* the first was added longest ago */
};

/* A limit is so many per period; a quiet key saves up what one period gives, at most. */
static const int64_t periods_ns[QUOTA_KINDS] = {
    [QUOTA_POINTS] = CLOCK_NS_PER_S,
    [QUOTA_SERIES] = 60 * CLOCK_NS_PER_S,
    [QUOTA_ALERTS] = 60 * CLOCK_NS_PER_S,
};

struct quota *quota_new(void) {
    struct quota *quota = calloc(1, sizeof *quota);
    if (!quota) {
        abort();
    }
    return quota;
}

/* The analyzer does not see that HASH_DEL moves the head on. */
static void forget(struct quota *quota, struct known *known) {
    HASH_DEL(quota->known, known); /* NOLINT(clang-analyzer-*) */
    free(known);
}

static void close_account(struct quota *quota, struct account *account) {
    HASH_DEL(quota->accounts, account); /* NOLINT(clang-analyzer-*) */
    free(account);
}

void quota_free(struct quota *quota) {
    if (!quota) {
        return;
    }
    while (quota->known) {
        forget(quota, quota->known); /* NOLINT(clang-analyzer-*) */
    }
    while (quota->accounts) {
        close_account(quota, quota->accounts); /* NOLINT(clang-analyzer-*) */
    }
    free(quota);
}

static struct account *account_of(struct quota *quota, uint64_t key_id, int64_t now_ns) {
    struct account *account = NULL;
    HASH_FIND(hh, quota->accounts, &key_id, sizeof key_id, account);
    if (!account) {
        account = calloc(1, sizeof *account);
        if (!account) {
            abort();
        }
        account->key_id = key_id;
        account->seen_ns = now_ns;
        HASH_ADD(hh, quota->accounts, key_id, sizeof account->key_id, account);
    }
    return account;
}

/* The known keyset, or NULL. */
static struct known *find_known(const struct quota *quota, const struct known *like) {
    struct known *known = NULL;
    HASH_FIND(hh, quota->known, &like->id, sizeof like->id, known);
    return known;
}

static void remember(struct quota *quota, const struct known *like) {
    struct known *known = find_known(quota, like);
    if (known) {
        return;
    }
    if (HASH_COUNT(quota->known) >= QUOTA_KEYSETS_MAX) {
        forget(quota, quota->known);
    }
    known = calloc(1, sizeof *known);
    if (!known) {
        abort();
    }
    known->id = like->id;
    /* NOLINTNEXTLINE(clang-analyzer-*) */
    HASH_ADD(hh, quota->known, id, sizeof known->id, known);
}

static struct known known_of(uint64_t key_id, const struct wire_keyset *keyset) {
    struct known known;
    memset(&known, 0, sizeof known);
    known.id.key_id = key_id;
    known.id.keyset_id = keyset->keyset_id;
    return known;
}

static void count(const struct quota *quota, uint64_t key_id, const struct wire_batch *batch,
                  int64_t out_costs[QUOTA_KINDS]) {
    struct wire_cursor items = batch->items;
    struct wire_item item;
    while (wire_next_item(&items, &item)) {
        if (item.kind == WIRE_ITEM_BLOCK) {
            out_costs[QUOTA_POINTS] += (int64_t)item.block.columns * item.block.calls;
        } else if (item.kind == WIRE_ITEM_GAP) {
            out_costs[QUOTA_POINTS]++; /* a row like any other */
        } else if (item.kind == WIRE_ITEM_ALERT) {
            out_costs[QUOTA_ALERTS]++;
        } else if (item.kind == WIRE_ITEM_KEYSET) {
            const struct known like = known_of(key_id, &item.keyset);
            out_costs[QUOTA_SERIES] += find_known(quota, &like) ? 0 : item.keyset.columns;
        }
    }
}

static void remember_keysets(struct quota *quota, uint64_t key_id, const struct wire_batch *batch) {
    struct wire_cursor items = batch->items;
    struct wire_item item;
    while (wire_next_item(&items, &item)) {
        if (item.kind == WIRE_ITEM_KEYSET) {
            const struct known like = known_of(key_id, &item.keyset);
            remember(quota, &like);
        }
    }
}

/* What time has brought since the bucket was looked at. */
static void refill(struct bucket *bucket, int64_t limit, int64_t period_ns, int64_t elapsed_ns) {
    if (bucket->limit != limit) {
        *bucket = (struct bucket){.limit = limit, .left = (double)limit};
        return;
    }
    const double grown = bucket->left + (double)limit * (double)elapsed_ns / (double)period_ns;
    bucket->left = grown >= (double)limit ? (double)limit : grown;
}

enum quota_kind quota_take(struct quota *quota, uint64_t key_id,
                           const struct allowlist_limits *limits, const struct wire_batch *batch,
                           int64_t now_ns) {
    const int64_t given[QUOTA_KINDS] = {[QUOTA_POINTS] = limits->points_per_s,
                                        [QUOTA_SERIES] = limits->series_per_min,
                                        [QUOTA_ALERTS] = limits->alerts_per_min};
    int64_t costs[QUOTA_KINDS] = {0};
    struct account *account = account_of(quota, key_id, now_ns);
    count(quota, key_id, batch, costs);
    for (int kind = QUOTA_NONE + 1; kind < QUOTA_KINDS; kind++) {
        refill(&account->buckets[kind], given[kind], periods_ns[kind], now_ns - account->seen_ns);
    }
    account->seen_ns = now_ns;
    for (int kind = QUOTA_NONE + 1; kind < QUOTA_KINDS; kind++) {
        if (given[kind] > 0 && costs[kind] > 0 && account->buckets[kind].left < 1) {
            return (enum quota_kind)kind;
        }
    }
    for (int kind = QUOTA_NONE + 1; kind < QUOTA_KINDS; kind++) {
        account->buckets[kind].left -= (double)costs[kind];
    }
    remember_keysets(quota, key_id, batch);
    return QUOTA_NONE;
}
