/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_PROCESS_H
#define CLI_PROCESS_H

/* Runs other programs: to the end, or detached from the terminal. They inherit no open file but
 * their output and what is said here, so nobody who waits for our caller's pipes waits for them. */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "schema/wire/err.h"

struct process_user { /* who the program runs as */
    bool other;       /* false: as we are */
    uid_t uid;
    gid_t gid;
    char name[64];
};

/* Runs argv[0] (a path) and waits. Its output goes to the file log_path (made new), its input is
 * empty, PG* variables are taken away: they would lead a PostgreSQL tool elsewhere. ERR_IO if it
 * cannot be run. */
enum err process_run(const struct process_user *user, char *const argv[], const char *log_path,
                     int *out_status, struct why *why) ERR_MUST_CHECK;

/* Starts argv[0] in a session of its own; keep_fd stays open in it, its output goes to log_path. */
enum err process_detach(char *const argv[], const char *log_path, int keep_fd, pid_t *out_pid,
                        struct why *why) ERR_MUST_CHECK;

/* The line of a log that says best what went wrong: the last one of PostgreSQL's "FATAL:" or
 * "error:", without what stands before it; else the last that is not blank; "" if there is none.
 * False: there is no line of the first kind. */
bool process_complaint(const char *log_path, size_t size, char *out);

/* Where a program of ours is: next to this one, in the build tree, or in PATH. False: nowhere. */
bool process_find(const char *name, size_t size, char *out_path);

#endif
