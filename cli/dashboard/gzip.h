/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_DASHBOARD_GZIP_H
#define CLI_DASHBOARD_GZIP_H

#include <stdbool.h>
#include <stddef.h>

/* Packs bytes (not changed) in the form of RFC 1952. False: out of memory. out_bytes: free() it. */
bool gzip_pack(char *bytes, size_t len, char **out_bytes, size_t *out_len);

#endif
