/* SPDX-License-Identifier: Apache-2.0 */
#include "emitter/cgroup.h"

#include <stdio.h>
#include <string.h>

#define MOUNT "/sys/fs/cgroup"

void cgroup_find(struct proctext *text, struct cgroup *out) {
    const char *line;
    out->path[0] = '\0';
    if (!proctext_load(text, "/proc/self/cgroup")) {
        return;
    }
    while ((line = proctext_line(text)) != NULL) {
        /* "/../x" is a group outside of this container, whose files cannot be seen. */
        if (strncmp(line, "0::/", 4) == 0 && strstr(line, "/..") == NULL &&
            strlen(line) < sizeof out->path - sizeof MOUNT) {
            snprintf(out->path, sizeof out->path, MOUNT "%s", line[4] != '\0' ? line + 3 : "");
        }
    }
}

/* The group above; false: this is the topmost one. */
static bool go_up(char *path) {
    char *slash = strrchr(path, '/');
    if (slash == NULL || strlen(path) <= sizeof MOUNT - 1) {
        return false;
    }
    *slash = '\0';
    return true;
}

static const char *file_in(const char *group, const char *name, char *out) {
    const int n = snprintf(out, PLACE_PATH_BYTES_MAX, "%s/%s", group, name);
    return n > 0 && n < PLACE_PATH_BYTES_MAX ? out : "";
}

/* The tightest limit in files of that name; out_group: where it stands. */
static bool find_bytes(const struct cgroup *cgroup, struct proctext *text, const char *name,
                       uint64_t machine_bytes, char *out_group, uint64_t *out_limit) {
    char group[PLACE_PATH_BYTES_MAX];
    char file[PLACE_PATH_BYTES_MAX];
    uint64_t limit = 0; /* "max" is no number */
    *out_limit = machine_bytes;
    memcpy(group, cgroup->path, sizeof group);
    bool more = group[0] != '\0';
    for (; more; more = go_up(group)) {
        if (proctext_number(text, file_in(group, name, file), &limit) && limit < *out_limit) {
            *out_limit = limit;
            memcpy(out_group, group, sizeof group);
        }
    }
    return *out_limit < machine_bytes;
}

bool cgroup_memory(const struct cgroup *cgroup, struct proctext *text, uint64_t machine_bytes,
                   struct cgroup_memory *out) {
    char group[PLACE_PATH_BYTES_MAX];
    char file[PLACE_PATH_BYTES_MAX];
    uint64_t idle = 0;
    if (!find_bytes(cgroup, text, "memory.max", machine_bytes, group, &out->limit_bytes) ||
        !proctext_number(text, file_in(group, "memory.current", file), &out->used_bytes)) {
        return false;
    }
    if (proctext_field(text, file_in(group, "memory.stat", file), "inactive_file", &idle)) {
        out->used_bytes -= idle < out->used_bytes ? idle : out->used_bytes;
    }
    return true;
}

bool cgroup_swap(const struct cgroup *cgroup, struct proctext *text, uint64_t machine_bytes,
                 struct cgroup_memory *out) {
    char group[PLACE_PATH_BYTES_MAX];
    char file[PLACE_PATH_BYTES_MAX];
    return find_bytes(cgroup, text, "memory.swap.max", machine_bytes, group, &out->limit_bytes) &&
           proctext_number(text, file_in(group, "memory.swap.current", file), &out->used_bytes);
}

bool cgroup_cpu(const struct cgroup *cgroup, struct proctext *text, double machine_cpus,
                struct cgroup_cpu *out) {
    char group[PLACE_PATH_BYTES_MAX];
    char file[PLACE_PATH_BYTES_MAX];
    char tightest[PLACE_PATH_BYTES_MAX];
    uint64_t max[2]; /* microseconds in each period of so many */
    out->limit = machine_cpus;
    memcpy(group, cgroup->path, sizeof group);
    bool more = group[0] != '\0';
    for (; more; more = go_up(group)) {
        if (proctext_load(text, file_in(group, "cpu.max", file)) &&
            proctext_numbers(text->bytes, 0, 2, max) == 2 && max[0] > 0 && max[1] > 0 &&
            (double)max[0] / (double)max[1] < out->limit) {
            out->limit = (double)max[0] / (double)max[1];
            memcpy(tightest, group, sizeof tightest);
        }
    }
    if (out->limit >= machine_cpus) {
        return false;
    }
    out->level = strlen(tightest);
    return proctext_field(text, file_in(tightest, "cpu.stat", file), "usage_usec", &out->used_us);
}
