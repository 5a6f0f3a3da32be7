/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_CLUSTER_FILES_H
#define CLI_CLUSTER_FILES_H

/* Directories and configuration files of the private PostgreSQL. */

#include <sys/stat.h>

#include "cli/cluster.h"

/* Every directory on the way to path and path itself; existing ones stay as they are. */
enum err cluster_files_make_dirs(const char *path, mode_t mode, struct why *why) ERR_MUST_CHECK;

/* The data and runtime directories, and the one for the socket, which the server's user owns. */
enum err cluster_files_dirs(const struct cluster *cluster, struct why *why) ERR_MUST_CHECK;
/* Makes one empty directory 0700 of the server's user. */
enum err cluster_files_own_dir(const struct cluster *cluster, const char *path,
                               struct why *why) ERR_MUST_CHECK;
/* Writes tocsin.conf, pg_hba.conf and pg_ident.conf into the cluster at data. */
enum err cluster_files_write(const struct cluster *cluster, const char *data,
                             struct why *why) ERR_MUST_CHECK;

#endif
