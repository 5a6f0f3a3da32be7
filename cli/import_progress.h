/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_IMPORT_PROGRESS_H
#define CLI_IMPORT_PROGRESS_H

/* The one line on a terminal that says how far a long command is; nothing where stderr is no
 * terminal. Cheap to call often. */

#include <stdint.h>

/* what: "12 calls imported"; name: of the run, cleaned here. */
void import_progress_show(const char *name, uint64_t skipped, uint64_t calls);
/* Takes the line away. */
void import_progress_clear(void);

#endif
