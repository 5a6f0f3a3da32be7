/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/allowlist.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* The same keys twice, each sorted for its own question. */
struct allowlist {
    pthread_mutex_t lock;
    size_t n;
    struct allowlist_key *by_id;
    struct allowlist_key *by_public;
};

static int compare_id(const void *a, const void *b) {
    const struct allowlist_key *left = a;
    const struct allowlist_key *right = b;
    return (left->key_id > right->key_id) - (left->key_id < right->key_id);
}

static int compare_public(const void *a, const void *b) {
    const struct allowlist_key *left = a;
    const struct allowlist_key *right = b;
    return strcmp(left->public_key, right->public_key);
}

typedef int compare_fn(const void *a, const void *b);

static struct allowlist_key *sorted(size_t n, const struct allowlist_key *keys,
                                    compare_fn *compare) {
    struct allowlist_key *copy = calloc(n + 1, sizeof *copy); /* also of none */
    if (!copy) {
        abort();
    }
    if (n > 0) {
        memcpy(copy, keys, n * sizeof *copy);
        qsort(copy, n, sizeof *copy, compare);
    }
    return copy;
}

struct allowlist *allowlist_new(void) {
    struct allowlist *list = calloc(1, sizeof *list);
    if (!list) {
        abort();
    }
    pthread_mutex_init(&list->lock, NULL);
    list->by_id = sorted(0, NULL, compare_id);
    list->by_public = sorted(0, NULL, compare_public);
    return list;
}

void allowlist_free(struct allowlist *list) {
    if (list) {
        free(list->by_id);
        free(list->by_public);
        pthread_mutex_destroy(&list->lock);
        free(list);
    }
}

void allowlist_set(struct allowlist *list, size_t n, const struct allowlist_key *keys) {
    struct allowlist_key *by_id = sorted(n, keys, compare_id);
    struct allowlist_key *by_public = sorted(n, keys, compare_public);
    pthread_mutex_lock(&list->lock);
    struct allowlist_key *old_by_id = list->by_id;
    struct allowlist_key *old_by_public = list->by_public;
    list->n = n;
    list->by_id = by_id;
    list->by_public = by_public;
    pthread_mutex_unlock(&list->lock);
    free(old_by_id);
    free(old_by_public);
}

static bool copy_found(const struct allowlist_key *found, struct allowlist_key *out) {
    if (found) {
        *out = *found;
    }
    return found != NULL;
}

bool allowlist_find(struct allowlist *list, uint64_t key_id, struct allowlist_key *out) {
    const struct allowlist_key wanted = {.key_id = key_id};
    pthread_mutex_lock(&list->lock);
    const bool found =
        copy_found(bsearch(&wanted, list->by_id, list->n, sizeof wanted, compare_id), out);
    pthread_mutex_unlock(&list->lock);
    return found;
}

bool allowlist_find_public(struct allowlist *list, const char *public_key,
                           struct allowlist_key *out) {
    struct allowlist_key wanted = {.key_id = 0};
    memcpy(wanted.public_key, public_key, strnlen(public_key, KEYFILE_KEY_CHARS));
    pthread_mutex_lock(&list->lock);
    const bool found =
        copy_found(bsearch(&wanted, list->by_public, list->n, sizeof wanted, compare_public), out);
    pthread_mutex_unlock(&list->lock);
    return found;
}
