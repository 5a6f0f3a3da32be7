/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_FIND_H
#define CLI_FIND_H

/* From the names on the command line to what is in the database, and the sentence about what does
 * not exist: with the near match, or with what does. Checked in the order project, run, metric. */

#include "cli/command.h"
#include "cli/ctx.h"

struct run {
    char *id;   /* decimal */
    char *name; /* as stored, also when --run gave the id */
};

/* The run that --project and --run mean: the newest of that name, else the one with that id.
 * out_run: free with find_run_free(). */
enum exit_code find_run(struct ctx *ctx, struct run *out_run);
/* The same of another name than --run. */
enum exit_code find_run_named(struct ctx *ctx, const char *name, struct run *out_run);
void find_run_free(struct run *run);

/* EXIT_OK if --project exists. */
enum exit_code find_project(struct ctx *ctx);
/* EXIT_OK if the run has --metric. kind: "metric" or "system". */
enum exit_code find_metric(struct ctx *ctx, const struct run *run, const char *kind);

#endif
