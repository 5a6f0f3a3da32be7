/* SPDX-License-Identifier: Apache-2.0 */
#include "emitter/identity.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define LAUNCH_BYTES 512

/* Variables that name a launch, all of a row together; the first row that is complete decides.
 * `none` is the value that means "not named". A Slurm requeue and a torchrun restart keep theirs:
 * they are attempts of the same run. */
static const struct {
    const char *variables[2];
    const char *none;
    /* Every torchrun without a name uses the same port: on one node the agent that is the parent of
     * all ranks tells two launches apart. */
    bool and_parent;
} launches[] = {
    {{"TORCHELASTIC_RUN_ID", NULL}, "none", false},
    {{"SLURM_JOB_ID", "SLURM_STEP_ID"}, "", false},
    {{"PMIX_NAMESPACE", NULL}, "", false},
    {{"OMPI_MCA_ess_base_jobid", NULL}, "", false},
    {{"PMI_JOBID", NULL}, "", false},
    {{"MASTER_ADDR", "MASTER_PORT"}, "", true},
};

static const char *const adjectives[] = {
    "amber", "bold",  "brave", "bright", "calm",  "clear", "crisp",  "deep",
    "early", "eager", "fair",  "firm",   "fleet", "fresh", "gentle", "golden",
    "grand", "green", "happy", "keen",   "kind",  "light", "lively", "lucky",
    "merry", "noble", "proud", "quick",  "quiet", "sharp", "steady", "warm",
};
static const char *const nouns[] = {
    "anvil", "arrow",  "beacon", "bell",  "birch",   "bridge", "brook",  "cedar",
    "cliff", "cloud",  "comet",  "coral", "delta",   "ember",  "falcon", "field",
    "forge", "harbor", "heron",  "lake",  "lantern", "maple",  "meadow", "moon",
    "otter", "pine",   "reef",   "river", "sparrow", "summit", "tide",   "willow",
};
#define WORDS 32
_Static_assert(sizeof adjectives / sizeof adjectives[0] == WORDS, "one word per number");
_Static_assert(sizeof nouns / sizeof nouns[0] == WORDS, "one word per number");

/* Start of the parent process in clock ticks since boot; 0 if it cannot be read. With its pid it
 * names the parent for as long as the machine runs. */
static unsigned long long parent_start(void) {
    char path[64];
    char stat[1024];
    snprintf(path, sizeof path, "/proc/%ld/stat", (long)getppid());
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return 0;
    }
    size_t n = fread(stat, 1, sizeof stat - 1, file);
    fclose(file);
    stat[n] = '\0';
    /* The command, in parentheses, may hold anything; the fields after it are plain. Start time is
     * field 22, the 20th behind the command. */
    char *at = strrchr(stat, ')');
    for (int field = 0; at != NULL && field < 20; field++) {
        at = strchr(at + 1, ' ');
    }
    return at != NULL ? strtoull(at + 1, NULL, 10) : 0;
}

static bool is_one_node(void) {
    const char *local = getenv("LOCAL_WORLD_SIZE");
    const char *world = getenv("WORLD_SIZE");
    return local != NULL && world != NULL && strcmp(local, world) == 0;
}

static bool launch_of_row(size_t row, char *out) {
    size_t used = 0;
    for (int i = 0; i < 2 && launches[row].variables[i] != NULL; i++) {
        const char *value = getenv(launches[row].variables[i]);
        if (value == NULL || value[0] == '\0' || strcmp(value, launches[row].none) == 0) {
            return false;
        }
        int n =
            snprintf(out + used, LAUNCH_BYTES - used, "%s=%s;", launches[row].variables[i], value);
        used += n > 0 ? (size_t)n : 0;
        if (used >= LAUNCH_BYTES) {
            return false;
        }
    }
    if (launches[row].and_parent && is_one_node()) {
        snprintf(out + used, LAUNCH_BYTES - used, "parent=%ld@%llu", (long)getppid(),
                 parent_start());
    }
    return true;
}

/* What all ranks of this launch share, or false. A world of one asks nobody: several programs in
 * one batch job are several runs. */
static bool find_launch(const struct settings *settings, char *out) {
    if (settings->run_id != NULL) {
        snprintf(out, LAUNCH_BYTES, "%s", settings->run_id);
        return true;
    }
    for (size_t row = 0; settings->world_size > 1 && row < sizeof launches / sizeof launches[0];
         row++) {
        if (launch_of_row(row, out)) {
            return true;
        }
    }
    return false;
}

static enum err fill_random(void *out, size_t len) {
    return getrandom(out, len, GRND_NONBLOCK) == (ssize_t)len ? ERR_OK : ERR_IO;
}

enum err identity_make(const struct settings *settings, struct identity *out) {
    struct identity identity = {.run_id = 0};
    char launch[LAUNCH_BYTES];
    enum err err = fill_random(identity.producer.bytes, sizeof identity.producer.bytes);
    if (err == ERR_OK && find_launch(settings, launch)) {
        identity.run_id = wire_run_id(str_of(settings->project), str_of(launch));
    } else if (err == ERR_OK) {
        err = fill_random(&identity.run_id, sizeof identity.run_id);
    }
    if (err != ERR_OK) {
        return err;
    }
    identity.run_id &= INT64_MAX;
    snprintf(identity.name, sizeof identity.name, "%s-%s-%u", adjectives[identity.run_id % WORDS],
             nouns[identity.run_id / WORDS % WORDS],
             (unsigned)(identity.run_id / WORDS / WORDS % 1000));
    *out = identity;
    return ERR_OK;
}
