/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/dashboard/gzip.h"

#include <stdlib.h>
#include <zlib.h>

#define LEVEL  1         /* numbers in JSON shrink to a fifth at once; more effort gains little */
#define WINDOW (15 + 16) /* the largest, and the header of gzip */
#define MEMORY 8

bool gzip_pack(char *bytes, size_t len, char **out_bytes, size_t *out_len) {
    z_stream stream = {.avail_in = 0};
    if (deflateInit2(&stream, LEVEL, Z_DEFLATED, WINDOW, MEMORY, Z_DEFAULT_STRATEGY) != Z_OK) {
        return false;
    }
    const size_t bound = deflateBound(&stream, len);
    char *packed = malloc(bound);
    if (packed == NULL) {
        deflateEnd(&stream);
        return false;
    }
    stream.next_in = (Bytef *)bytes;
    stream.avail_in = (uInt)len;
    stream.next_out = (Bytef *)packed;
    stream.avail_out = (uInt)bound;
    const bool good = deflate(&stream, Z_FINISH) == Z_STREAM_END;
    *out_len = stream.total_out;
    deflateEnd(&stream);
    if (!good) {
        free(packed);
        return false;
    }
    *out_bytes = packed;
    return true;
}
