/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMITTER_OWNDIR_H
#define EMITTER_OWNDIR_H

/* The directories in which a run keeps what it must not lose: of this user, closed to others, on a
 * file system of this machine. */

#include "schema/wire/err.h"

/* Makes dir and what is missing above it, each 0700. ERR_IO with a sentence that names `setting`,
 * the variable that moves it: it cannot be made, or is somebody else's, who could replace the files
 * under us. */
enum err owndir_make(const char *dir, const char *setting, struct why *why) ERR_MUST_CHECK;

/* ERR_CONFIG: dir is on a network file system. A mapping there raises SIGBUS when the server is
 * gone, and its locks and its fsync promise less than ours do. */
enum err owndir_is_local(const char *dir, const char *setting, struct why *why) ERR_MUST_CHECK;
/* The same for what statfs() answers. NULL: local. */
const char *owndir_network_name(unsigned long f_type);

/* Makes the file if it is not there, and locks it for this process (fcntl: until the descriptor is
 * closed, or any other of the same file). -1: another process has it, or it cannot be had. */
int owndir_lock(int dir_fd, const char *name);

#endif
