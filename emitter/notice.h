/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMITTER_NOTICE_H
#define EMITTER_NOTICE_H

/* The few lines that a run prints. Each is one write() of at most PIPE_BUF bytes, made only if the
 * stream takes it at once: a terminal that is stopped or a pipe that nobody reads must not stop a
 * training step, and a closed one must not raise SIGPIPE. */

#include <stdbool.h>

#include "schema/wire/wire.h"

/* "tocsin: ..." on stderr, unless quiet. Text from outside may be among the arguments: control
 * characters are replaced. */
void notice_say(bool quiet, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* "[TOCSIN WARN] title: text (step 7)" on stdout, coloured on a terminal unless NO_COLOR is set. */
void notice_alert(bool quiet, const struct wire_alert *alert);

#endif
