/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COLLECTOR_NOTIFY_SIGN_H
#define COLLECTOR_NOTIFY_SIGN_H

/* Signatures of Standard Webhooks 1.0.0: v1,<base64 of HMAC-SHA256 over "id.timestamp.body">, keyed
 * by what follows whsec_ in base64. Two, separated by a blank, while a secret is being replaced.
 * Pure. */

#include <stddef.h>
#include <stdint.h>

#include "schema/wire/buf.h"
#include "schema/wire/err.h"

#define SIGN_HEADER_BYTES_MAX 128
#define SIGN_ID_BYTES_MAX     64

/* secret: whsec_ and 24 to 64 bytes in base64; second: another one, or NULL. out: NUL-terminated.
 * Errors: ERR_VALUE (a secret is not one, which is said without repeating it; an id is longer than
 * SIGN_ID_BYTES_MAX). */
enum err sign_header(const char *secret, const char *second, const char *webhook_id, int64_t unix_s,
                     struct str body, char out[SIGN_HEADER_BYTES_MAX],
                     struct why *why) ERR_MUST_CHECK;

#endif
