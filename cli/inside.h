/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_INSIDE_H
#define CLI_INSIDE_H

/* Commands that run inside of this process, for its own servers: the words of a command line go in,
 * the JSON document that would be printed comes out. They share a connection to the database, which
 * is made again when it is gone. One thread at a time. */

#include <stdbool.h>
#include <stddef.h>

#include "cli/ctx.h"

struct inside {
    const char *dsn; /* --dsn; borrowed */
    struct pg *pg;   /* NULL: none is open */
    bool private;    /* the connection is to the private PostgreSQL */
};

struct inside_answer {
    struct ctx ctx;      /* with the sentence, if there is one */
    enum exit_code code; /* of the command */
    char *document;      /* on one line, without its line break; NULL: an error */
    size_t len;
};

/* What an answer may do beyond running. */
struct inside_rules {
    size_t bytes_max;
    const char *less;   /* how to get a shorter answer */
    const char *listen; /* what the connection listens to before the command looks; NULL: nothing */
    bool alone;         /* with a connection of its own: as another user, or for SQL of others */
};

/* words: as main gets them, ended by NULL; the parsed options point into them, so they stay until
 * inside_answer_fini(). Writes out in any case. */
void inside_run(struct inside *inside, char **words, const struct inside_rules *rules,
                struct inside_answer *out);
void inside_answer_fini(struct inside_answer *answer);

/* Reads what the connection has been told. True: something was heard, or the connection is gone. */
bool inside_hear(struct inside *inside);
void inside_fini(struct inside *inside);

#endif
