/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SCHEMA_WIRE_ERR_H
#define SCHEMA_WIRE_ERR_H

/* The one error enum of schema, collector and cli. (The emitter's public enum in tocsin.h is a
 * separate, ABI-frozen list.) Foreign codes (errno, SQLSTATE, zmq_errno) stop at the module that
 * owns the library and become one of these. Functions return ERR_OK or the reason; outputs are
 * written only on success. The class decides what a thread loop does, in one place per thread:
 *   retry   try again later, with backoff
 *   reject  this input is bad: count it, say so to its sender, drop it
 *   fatal   the process cannot go on: say why, exit
 */

enum err_class { ERR_CLASS_OK, ERR_CLASS_RETRY, ERR_CLASS_REJECT, ERR_CLASS_FATAL };

/*        symbol              class    text */
#define ERR_TABLE(X)                                                                               \
    X(ERR_OK, OK, "ok")                                                                            \
    X(ERR_TOO_LONG, REJECT, "longer than its limit")                                               \
    X(ERR_TRUNCATED, REJECT, "frame ends before its content does")                                 \
    X(ERR_TRAILING, REJECT, "frame has bytes after its content")                                   \
    X(ERR_MAGIC, REJECT, "not a tocsin frame")                                                     \
    X(ERR_VERSION, REJECT, "frame of another protocol version")                                    \
    X(ERR_TYPE, REJECT, "field of the wrong type")                                                 \
    X(ERR_VALUE, REJECT, "field out of its range")                                                 \
    X(ERR_UTF8, REJECT, "text is not UTF-8 or contains NUL")                                       \
    X(ERR_MULTIPART, REJECT, "message of more than one part")                                      \
    X(ERR_MEMORY, FATAL, "out of memory")                                                          \
    X(ERR_IO, FATAL, "input or output failed")                                                     \
    X(ERR_CONFIG, FATAL, "bad setting")                                                            \
    X(ERR_ADDRESS, FATAL, "cannot listen on or use this address")                                  \
    X(ERR_DB_UNREACHABLE, RETRY, "database unreachable")                                           \
    X(ERR_DB_RETRY, RETRY, "transaction must be replayed")                                         \
    X(ERR_DB_CONTENT, REJECT, "database refused the content")                                      \
    X(ERR_DB_CONFLICT, RETRY, "somebody else got further")                                         \
    X(ERR_DB_SCHEMA, FATAL, "database schema is not the one this program knows")                   \
    X(ERR_DB_VERSION, FATAL, "PostgreSQL version is not supported")                                \
    X(ERR_DB_PERMISSION, FATAL, "database role lacks a permission")                                \
    X(ERR_DB, FATAL, "database error")                                                             \
    X(ERR_KEY, REJECT, "this key may not write")                                                   \
    X(ERR_PROJECT, REJECT, "this key may not write into this project")                             \
    X(ERR_NOT_FOUND, REJECT, "not found")

enum err {
#define X(symbol, class, text) symbol,
    ERR_TABLE(X)
#undef X
};

#define ERR_MUST_CHECK   __attribute__((warn_unused_result))
#define ERR_PRINTF(f, a) __attribute__((format(printf, f, a)))

/* Human text where a code is not enough: written once, where the error happens; callers add
 * nothing. Always NUL-terminated. */
struct why {
    char text[512];
};

const char *err_text(enum err err);
enum err_class err_class_of(enum err err);

/* Writes the formatted reason (cut to the buffer) and returns `err`, so that a failing function
 * can say `return why_set(why, ERR_IO, "cannot open %s: %s", path, strerror(errno));`.
 * why may be NULL. */
enum err why_set(struct why *why, enum err err, const char *format, ...)
    ERR_PRINTF(3, 4) ERR_MUST_CHECK;

#endif
