/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMITTER_IDENTITY_H
#define EMITTER_IDENTITY_H

/* Who this process is. Ranks started by one launcher agree on the run without talking: the run id
 * is a hash of the project and of whatever the launcher tells all of them. */

#include <stdint.h>

#include "emitter/options.h"
#include "schema/wire/wire.h"

#define IDENTITY_NAME_BYTES 64

struct identity {
    struct wire_id producer;        /* random, one per process start */
    uint64_t run_id;                /* below 2^63 */
    char name[IDENTITY_NAME_BYTES]; /* adjective-noun-number, the same for the same run id */
};

/* ERR_IO: the kernel has no random numbers. */
enum err identity_make(const struct settings *settings, struct identity *out) ERR_MUST_CHECK;

#endif
