/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_CLUSTER_PROGRAMS_H
#define CLI_CLUSTER_PROGRAMS_H

/* Which of the installed PostgreSQLs fits the data, and as whom it runs. */

#include "cli/cluster.h"

/* Major version of the data; 0: there is none. */
int cluster_version(const struct cluster *cluster);

/* Fills in bin and user. ERR_CONFIG: there is none that fits, or nobody to run it, or it could not
 * reach the places; with the remedy. */
enum err cluster_programs_find(struct cluster *cluster, struct why *why) ERR_MUST_CHECK;

#endif
