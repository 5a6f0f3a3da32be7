/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COLLECTOR_KEYWATCH_H
#define COLLECTOR_KEYWATCH_H

/* The keywatch thread: reads the table of keys into the allow-list every second, over a connection
 * of its own, because the writer's may be busy for long. While PostgreSQL is away the list stays as
 * it was. Main thread starts and stops it. */

#include <stdbool.h>
#include <stdint.h>

#include "collector/allowlist.h"
#include "schema/wire/err.h"

struct keywatch;

/* Reads the list once before it returns. Borrows dsn and list until keywatch_stop().
 * Errors: those of pg_open() and pg_query(), ERR_MEMORY (no thread to be had). */
enum err keywatch_start(const char *dsn, struct allowlist *list, struct keywatch **out,
                        struct why *why) ERR_MUST_CHECK;
/* Ends the thread; false if it is inside libpq at deadline_ns (monotonic): then it goes on, and
 * what it borrows must stay. NULL is fine. */
bool keywatch_stop(struct keywatch *watch, int64_t deadline_ns);

#endif
