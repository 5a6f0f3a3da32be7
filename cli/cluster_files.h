/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_CLUSTER_FILES_H
#define CLI_CLUSTER_FILES_H

/* Directories and configuration files of the private PostgreSQL. */

#include "cli/cluster.h"

/* Makes one empty directory 0700 of the server's user. */
enum err cluster_files_own_dir(const struct cluster *cluster, const char *path,
                               struct why *why) ERR_MUST_CHECK;
/* Writes tocsin.conf, pg_hba.conf and pg_ident.conf into the cluster at data; its
 * postgresql.conf includes the first. */
enum err cluster_files_write(const struct cluster *cluster, const char *data,
                             struct why *why) ERR_MUST_CHECK;

/* Where the server wrote last. False: it never did. */
bool cluster_files_newest_log(const struct cluster *cluster, size_t size, char *out_path);

#endif
