/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_IMPORT_PLACE_H
#define CLI_IMPORT_PLACE_H

/* The directory that one run's import has for its ring and spool: the same one whenever the import
 * is repeated, and nobody else's. What a killed import left there is delivered by its repetition or
 * not at all; in the common directory the next run of anybody would deliver it, perhaps after the
 * rows were imported once more.
 *
 *     $TOCSIN_RING_DIR or the data directory, then imports/<run id>-<rank>/ring and .../spool
 *
 * One process at a time, by a lock on the directory. */

#include <stdbool.h>
#include <stdint.h>

#include "schema/wire/place.h"

#define IMPORT_PLACE_PATH_BYTES (PLACE_PATH_BYTES_MAX + 64)

struct import_place {
    char dir[IMPORT_PLACE_PATH_BYTES];
    char ring[IMPORT_PLACE_PATH_BYTES + 8];
    char spool[IMPORT_PLACE_PATH_BYTES + 8];
    int fd; /* of dir, with the lock */
};

/* Makes and locks it. ERR_CONFIG: another process imports this run. ERR_IO, ERR_TOO_LONG. */
enum err import_place_open(uint64_t run_id, uint32_t rank, struct import_place *out,
                           struct why *why) ERR_MUST_CHECK;
/* Whether a process left something there. producer: of this one only (32 hexadecimal digits). */
bool import_place_has(const struct import_place *place, const char *producer);
/* Removes what processes left there. */
void import_place_clear(const struct import_place *place);
/* Gives it up; removes what is empty. */
void import_place_close(struct import_place *place);

#endif
