/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/triple.h"

static const char *const keys[TRIPLE_PARTS] = {"last", "min", "max"};

void triples_init(struct triples *out, const struct pg_rows *rows, int row, int column) {
    for (int i = 0; i < TRIPLE_PARTS; i++) {
        out->rest[i] = pg_text(rows, row, column + i);
    }
}

bool triples_next(struct triples *triples, struct triple *out) {
    bool any = true;
    for (int i = 0; i < TRIPLE_PARTS; i++) {
        any = array_next(&triples->rest[i], out->parts[i]) && any;
    }
    return any;
}

static void put_odds(struct json *json, const struct triple *triple) {
    bool any = false;
    for (int i = 0; i < TRIPLE_PARTS; i++) {
        const char *odd = json_nonfinite(triple->parts[i]);
        if (odd == NULL) {
            continue;
        }
        if (!any) {
            json_key(json, "nonfinite");
            json_open(json, '{');
        }
        any = true;
        json_key(json, keys[i]);
        json_text(json, odd);
    }
    if (any) {
        json_close(json);
    }
}

void triple_json(struct json *json, const struct triple *triple) {
    json_open(json, '{');
    for (int i = 0; i < TRIPLE_PARTS; i++) {
        json_key(json, keys[i]);
        json_number(json, triple->parts[i][0] == '\0' ? NULL : triple->parts[i]);
    }
    put_odds(json, triple);
    json_close(json);
}
