/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COLLECTOR_ALLOWLIST_H
#define COLLECTOR_ALLOWLIST_H

/* Who may write, as it was read from PostgreSQL last: the answer to every handshake and every frame
 * comes from here, never from the database, so it takes a microsecond and needs no server. Any
 * thread; answers are copies. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "schema/wire/keyfile.h"

#define ALLOWLIST_KEYS_MAX 65536

struct allowlist_limits { /* 0: none */
    int64_t points_per_s;
    int64_t series_per_min;
    int64_t alerts_per_min;
};

struct allowlist_key {
    uint64_t key_id;                        /* never 0: that is a connection without a key */
    char public_key[KEYFILE_KEY_CHARS + 1]; /* Z85 */
    bool revoked;
    int64_t binding; /* another number when its projects are others */
    struct allowlist_limits limits;
};

struct allowlist;

struct allowlist *allowlist_new(void);
void allowlist_free(struct allowlist *list); /* NULL is fine */

/* Replaces the list by a copy of keys[0..n). */
void allowlist_set(struct allowlist *list, size_t n, const struct allowlist_key *keys);

/* False if there is no such key. Revoked ones are found. */
bool allowlist_find(struct allowlist *list, uint64_t key_id, struct allowlist_key *out);
bool allowlist_find_public(struct allowlist *list, const char *public_key,
                           struct allowlist_key *out);

#endif
