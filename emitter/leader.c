/* SPDX-License-Identifier: Apache-2.0 */
#include "emitter/leader.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "emitter/claims.h"
#include "emitter/owndir.h"

#define RUN_DIGITS 16
#define SUFFIX     ".host"

static void init_in(struct leader *leader, const char *dir, size_t dir_len, uint64_t run_id) {
    *leader = (struct leader){.fd = -1, .may = true};
    pthread_mutex_init(&leader->lock, NULL);
    snprintf(leader->dir, sizeof leader->dir, "%.*s", (int)dir_len, dir);
    snprintf(leader->name, sizeof leader->name, "%016" PRIx64 SUFFIX, run_id);
    memcpy(leader->claim.bytes, &run_id, sizeof run_id); /* no producer's: those are random */
    memcpy(leader->claim.bytes + sizeof run_id, "machine", 8);
}

void leader_init(struct leader *leader, const char *ring_path, uint64_t run_id,
                 int64_t local_rank) {
    const char *slash = strrchr(ring_path, '/');
    init_in(leader, ring_path, slash != NULL ? (size_t)(slash - ring_path) : 0, run_id);
    leader->may = local_rank <= 0;
}

/* Two runs of one process with the same id are not kept apart by a lock, and each would lose it
 * with the other's descriptor: hence the claim. */
static bool take(struct leader *leader) {
    const int dir = open(leader->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (dir < 0) {
        return false;
    }
    if (claims_add(&leader->claim)) {
        leader->fd = owndir_lock(dir, leader->name);
        if (leader->fd < 0) {
            claims_remove(&leader->claim);
        }
    }
    close(dir);
    return leader->fd >= 0;
}

bool leader_take(struct leader *leader) {
    pthread_mutex_lock(&leader->lock);
    const bool leads = leader->may && (leader->fd >= 0 || take(leader));
    pthread_mutex_unlock(&leader->lock);
    return leads;
}

void leader_fini(struct leader *leader) {
    char path[sizeof leader->dir + sizeof leader->name];
    if (leader->fd >= 0) {
        snprintf(path, sizeof path, "%s/%s", leader->dir, leader->name);
        unlink(path);
        close(leader->fd);
        claims_remove(&leader->claim);
    }
    pthread_mutex_destroy(&leader->lock);
}

static bool parse(const char *name, uint64_t *out_run_id) {
    char *end = NULL;
    *out_run_id = strtoull(name, &end, 16);
    return strspn(name, "0123456789abcdef") == RUN_DIGITS && end == name + RUN_DIGITS &&
           strcmp(end, SUFFIX) == 0;
}

void leader_sweep(const char *dir) {
    DIR *handle = opendir(dir);
    if (handle == NULL) {
        return;
    }
    for (struct dirent *e = readdir(handle); e != NULL; e = readdir(handle)) {
        uint64_t run_id;
        if (parse(e->d_name, &run_id)) {
            struct leader leader;
            init_in(&leader, dir, strlen(dir), run_id);
            leader_take(&leader);
            leader_fini(&leader);
        }
    }
    closedir(handle);
}
