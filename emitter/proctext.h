/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMITTER_PROCTEXT_H
#define EMITTER_PROCTEXT_H

/* Small text files of the kernel, read whole into one buffer and taken apart in place. Nothing in
 * them is trusted: a number that does not fit is no number, a line that was cut is no line. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROCTEXT_BYTES (256U * 1024) /* what is behind is not read: the CPUs come first */

struct proctext {
    const char *root; /* "" or, in tests, a directory; borrowed */
    char *at;         /* what proctext_line() has not taken yet */
    char bytes[PROCTEXT_BYTES];
};

/* Reads root/path. False: it is not there, or empty. */
bool proctext_load(struct proctext *text, const char *path);
/* The next line, without its end; NULL: there is none, or it has no end. */
char *proctext_line(struct proctext *text);

/* Takes a decimal number and the blanks before it. False, and *at as it was: none, or over 64 bits.
 */
bool proctext_take(const char **at, uint64_t *out);
/* The numbers behind the first `skip` words of a line; how many there were, at most n. */
size_t proctext_numbers(const char *line, size_t skip, size_t n, uint64_t *out);
/* A file of one number. */
bool proctext_number(struct proctext *text, const char *path, uint64_t *out);
/* In a file of lines "word number": the number of this word, which stands at the beginning. */
bool proctext_field(struct proctext *text, const char *path, const char *word, uint64_t *out);

#endif
