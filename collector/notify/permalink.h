/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COLLECTOR_NOTIFY_PERMALINK_H
#define COLLECTOR_NOTIFY_PERMALINK_H

/* Where a person looks on: a page of the dashboard, or a command for a terminal. Names are hostile;
 * what comes out is ASCII without blanks, quotes or angle brackets (a page) or without anything
 * that a shell would read as more than a word (a command). Pure. */

#include <stdbool.h>

#define PERMALINK_BYTES_MAX 2047 /* Discord's limit is 2048 */

/* <dashboard>/?project=<project>&run=<run>; without run if it is NULL, without both if project is.
 * False, and no link, if dashboard is not an http(s) URL or the link would be longer. */
bool permalink_page(const char *dashboard, const char *project, const char *run,
                    char out[PERMALINK_BYTES_MAX + 1]);

#define PERMALINK_COMMAND_BYTES_MAX 199

/* tocsin list alerts --project <project> --since <since>. In place of a project that is NULL or
 * would have to be quoted stands PROJECT: what a person copies must not run anything else. Without
 * --since if since is NULL or is not a time. */
void permalink_command(const char *project, const char *since,
                       char out[PERMALINK_COMMAND_BYTES_MAX + 1]);

#endif
