/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COLLECTOR_NOTIFY_PAYLOAD_BUILD_H
#define COLLECTOR_NOTIFY_PAYLOAD_BUILD_H

/* One function for each kind of destination: gives the message as a JSON value of jansson, NULL if
 * memory is out. */

#include "collector/notify/payload.h"

struct json_t;

typedef struct json_t *payload_build_fn(const struct payload *payload);

payload_build_fn payload_slack;
payload_build_fn payload_discord;
payload_build_fn payload_generic;

#endif
