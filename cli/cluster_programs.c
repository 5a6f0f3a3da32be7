/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cluster_programs.h"

#include <glob.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VERSION_MIN 15
/* Debian keeps each major version's programs in a folder of its own, and not in PATH. */
#define PROGRAMS "/usr/lib/postgresql/"

int cluster_version(const struct cluster *cluster) {
    char path[PLACE_PATH_BYTES_MAX + 16];
    char text[16] = "";
    snprintf(path, sizeof path, "%s/PG_VERSION", cluster->data);
    FILE *file = fopen(path, "re");
    if (file != NULL) {
        if (fgets(text, sizeof text, file) == NULL) {
            text[0] = '\0';
        }
        fclose(file);
    }
    return (int)strtol(text, NULL, 10);
}

static int newest_version(void) {
    glob_t found;
    int newest = 0;
    if (glob(PROGRAMS "*/bin/initdb", 0, NULL, &found) == 0) {
        for (size_t i = 0; i < found.gl_pathc; i++) {
            const int version = (int)strtol(found.gl_pathv[i] + strlen(PROGRAMS), NULL, 10);
            newest = version > newest ? version : newest;
        }
        globfree(&found);
    }
    return newest;
}

static bool is_installed(int version) {
    char initdb[64];
    snprintf(initdb, sizeof initdb, PROGRAMS "%d/bin/initdb", version);
    return access(initdb, X_OK) == 0;
}

static enum err find_bin(struct cluster *cluster, struct why *why) {
    const int wanted = cluster_version(cluster);
    const int version = wanted > 0 ? wanted : newest_version();
    if (wanted == 0 && version < VERSION_MIN) {
        return why_set(why, ERR_CONFIG,
                       "no PostgreSQL %d or newer on this machine: install the package postgresql, "
                       "or use an existing server with --dsn",
                       VERSION_MIN);
    }
    if (version < VERSION_MIN) {
        return why_set(why, ERR_CONFIG,
                       "%.200s was made by PostgreSQL %d, and tocsin needs %d or newer: choose "
                       "another place with --data",
                       cluster->data, version, VERSION_MIN);
    }
    if (!is_installed(version)) {
        return why_set(why, ERR_CONFIG,
                       "%.200s was made by PostgreSQL %d, which is not installed: install "
                       "postgresql-%d, or choose another place with --data",
                       cluster->data, version, version);
    }
    snprintf(cluster->bin, sizeof cluster->bin, PROGRAMS "%d/bin", version);
    return ERR_OK;
}

static enum err find_user(struct cluster *cluster, struct why *why) {
    const bool is_root = geteuid() == 0;
    const struct passwd *entry = is_root ? getpwnam("postgres") : getpwuid(geteuid());
    if (entry == NULL && is_root) {
        return why_set(
            why, ERR_CONFIG,
            "PostgreSQL does not run as root, and there is no user postgres: install the "
            "package postgresql, which makes one, or run as an ordinary user");
    }
    if (entry == NULL) {
        return why_set(why, ERR_CONFIG,
                       "PostgreSQL runs only as a user who has a name, and uid %u has none: use an "
                       "existing server with --dsn",
                       (unsigned)geteuid());
    }
    cluster->user =
        (struct process_user){.other = is_root, .uid = entry->pw_uid, .gid = entry->pw_gid};
    snprintf(cluster->user.name, sizeof cluster->user.name, "%s", entry->pw_name);
    return ERR_OK;
}

/* Root can enter everything, the server's user cannot: asked by trying, as that user. */
static enum err check_reach(const struct cluster *cluster, char *path, struct why *why) {
    char *const argv[] = {"/usr/bin/test", "-x", path, NULL};
    int status;
    *strrchr(path, '/') = '\0';
    enum err err = process_run(&cluster->user, argv, cluster->log, &status, why);
    return err != ERR_OK || status == 0
               ? err
               : why_set(why, ERR_CONFIG,
                         "PostgreSQL runs as the user %s, who cannot enter %.200s: make each "
                         "directory on the way to it passable (chmod o+x), or choose another place",
                         cluster->user.name, path);
}

enum err cluster_programs_find(struct cluster *cluster, struct why *why) {
    char data_parent[PLACE_PATH_BYTES_MAX];
    char runtime[PLACE_PATH_BYTES_MAX];
    enum err err = find_user(cluster, why);
    if (err == ERR_OK) {
        err = find_bin(cluster, why);
    }
    if (err == ERR_OK && cluster->user.other) {
        snprintf(data_parent, sizeof data_parent, "%s", cluster->data);
        snprintf(runtime, sizeof runtime, "%s", cluster->socket_dir);
        err = check_reach(cluster, data_parent, why);
        if (err == ERR_OK) {
            err = check_reach(cluster, runtime, why);
        }
    }
    return err;
}
