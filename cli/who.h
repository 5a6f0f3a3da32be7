/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_WHO_H
#define CLI_WHO_H

/* Who gives a command, for the record: $USER, else the name that the system has, else "uid 1000". A
 * courtesy to colleagues, no proof of anything. */

#include "schema/wire/wire.h"

void who_find(char out[WIRE_NAME_BYTES_MAX + 1]);

#endif
