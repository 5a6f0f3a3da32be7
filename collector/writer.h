/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COLLECTOR_WRITER_H
#define COLLECTOR_WRITER_H

/* The writer thread: takes frames from the queue, makes PostgreSQL transactions of them, and
 * answers. A group of batches is closed when it is commit_interval old or commit_bytes large, and
 * at once when a batch of events is in it or a hello comes. Hellos that wait together share a
 * transaction. Between groups it writes run states.
 * It ends when the queue is closed and empty and everything is written.
 */

#include <stdbool.h>
#include <stdint.h>

#include "collector/answers.h"
#include "collector/dbconn.h"
#include "collector/queue.h"
#include "collector/settings.h"
#include "schema/wire/err.h"

struct writer;

/* Called by the writer's thread: alerted(context) when alerts were committed, done(context) as the
 * last thing it does. */
typedef void writer_news_fn(void *context);

struct writer_links { /* borrowed until writer_join() */
    const struct settings *settings;
    struct dbconn *conn;
    struct queue *queue;
    struct answers *answers;
    writer_news_fn *alerted;
    writer_news_fn *done;
    void *context;
};

/* Errors: ERR_MEMORY (no thread to be had). */
enum err writer_start(const struct writer_links *links, struct writer **out) ERR_MUST_CHECK;
/* Waits for the end until deadline_ns (monotonic); false: it is still running. *out_err: why it
 * ended, ERR_OK if because the queue did. */
bool writer_join(struct writer *writer, int64_t deadline_ns, enum err *out_err);
void writer_free(struct writer *writer); /* after a successful join; NULL is fine */

#endif
