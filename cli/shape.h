/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_SHAPE_H
#define CLI_SHAPE_H

/* The shape of a JSON document in a short notation, from which help prints it and its JSON Schema
 * is made:
 *
 *     {project: text, values: [{step: int, value: number?, nonfinite?: text}], config: {*: any}}
 *
 * Types: text, int, number, bool, time (ISO 8601), any. A ? behind a type: may be null; behind a
 * key: may be absent. *: whatever keys there are. Objects may get further keys in later versions.
 * The notations are in the command table; a malformed one is a bug and ends the program. */

#include "cli/json.h"

/* As a value of a document: the JSON Schema (draft 2020-12) of what the notation describes. */
void shape_put_schema(struct json *json, const char *notation);

#endif
