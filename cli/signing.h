/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_SIGNING_H
#define CLI_SIGNING_H

/* The secrets with which messages to generic endpoints are signed. */

#include "schema/wire/err.h"

#define SIGNING_BYTES 64
/* whsec_ and 32 random bytes in base64, as Standard Webhooks writes them. From here on this process
 * leaves no core dump. The caller wipes out. */
enum err signing_make(char out[SIGNING_BYTES], struct why *why) ERR_MUST_CHECK;

#endif
