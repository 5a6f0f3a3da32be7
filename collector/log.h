/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COLLECTOR_LOG_H
#define COLLECTOR_LOG_H

/* One line on stderr for one thing that happened:
 *
 *     level=warn event=database_unreachable retry_ms=400 why="connection refused"
 *
 * Only thread loops and main log; everything below them returns an error. Never payloads, config
 * or passwords. Each call site writes at most a few lines in ten seconds; the next line after that
 * tells how many were left out (suppressed=N). Any thread.
 */

#include <stdatomic.h>
#include <stdint.h>

#include "schema/wire/err.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR, LOG_LEVELS };

extern const char *const log_level_names[LOG_LEVELS];

struct log_site { /* one per call site, made by the macro */
    atomic_int_fast64_t window_ns;
    atomic_int_fast64_t lines;
    atomic_int_fast64_t suppressed;
};

void log_set_level(enum log_level least);

/* event: a stable name. why: free text for people, quoted and escaped here; NULL: none. fields:
 * "key=value ..." as printf format, "" for none; no text from outside goes into it. */
#define log_line(level, event, why, ...)                                                           \
    do {                                                                                           \
        static struct log_site log_site_here;                                                      \
        log_write(&log_site_here, level, event, why, __VA_ARGS__);                                 \
    } while (0)

void log_write(struct log_site *site, enum log_level level, const char *event, const char *why,
               const char *fields, ...) ERR_PRINTF(5, 6);

#endif
