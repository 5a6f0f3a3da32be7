/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_PAYLOAD_SAMPLES_H
#define TESTS_UNIT_PAYLOAD_SAMPLES_H

/* Messages to render, and what was rendered as text and as JSON. */

#include <jansson.h>

#include "collector/notify/payload.h"

extern const struct payload_group payload_nan_loss;

/* A message of that one group; a digest of these and of four more. */
struct payload payload_of_one(const struct payload_group *group);
struct payload payload_of_many(const struct payload_group *groups, size_t n);

/* Both fail the test if there is nothing, or more than PAYLOAD_BYTES_MAX. Give: free() it,
 * json_decref() it. */
char *payload_rendered(enum payload_kind kind, const struct payload *payload);
json_t *payload_parsed(enum payload_kind kind, const struct payload *payload);

/* The text at a path such as blocks.1.text.text; NULL if there is none. Borrows. */
const char *payload_text_at(const json_t *json, const char *path);

#endif
