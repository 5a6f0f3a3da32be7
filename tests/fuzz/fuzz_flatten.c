/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as the JSON of a row: every name that comes out may be the name of a metric. */

#include <string.h>

#include "cli/flatten.h"
#include "cli/importer.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct flatten *flatten; /* as in an import: one for all rows */
    struct leftout leftout = {0};
    if (flatten == NULL) {
        flatten = flatten_new();
    }
    const bool good = flatten_read(flatten, (const char *)data, size, &leftout);
    FUZZ_MUST(good || flatten_n(flatten) == 0);
    for (size_t i = 0; i < flatten_n(flatten); i++) {
        FUZZ_MUST(importer_name_is_good(flatten_names(flatten)[i]));
    }
    return 0;
}
