/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/counters.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "schema/wire/clock.h"

enum kind { COUNT, SECONDS, GAUGE };

static const struct row {
    const char *family;
    const char *labels;
    const char *help;
    enum kind kind;
} table[COUNTER_N] = {
#define COUNTER(symbol, family, labels, kind, help) {family, labels, help, kind},
#include "collector/counters.def"
#undef COUNTER
};

static _Atomic int64_t values[COUNTER_N];

void counters_add(enum counter counter, int64_t n) {
    atomic_fetch_add_explicit(&values[counter], n, memory_order_relaxed);
}

void counters_set(enum counter counter, int64_t value) {
    atomic_store_explicit(&values[counter], value, memory_order_relaxed);
}

int64_t counters_get(enum counter counter) {
    return atomic_load_explicit(&values[counter], memory_order_relaxed);
}

static enum err append(struct buf *out, const char *line, int len) {
    return buf_append(out, line, (size_t)len);
}

static bool starts_family(size_t i) {
    return i == 0 || strcmp(table[i].family, table[i - 1].family) != 0;
}

static enum err print_header(const struct row *row, struct buf *out) {
    char line[512];
    const int len = snprintf(line, sizeof line, "# HELP %s %s\n# TYPE %s %s\n", row->family,
                             row->help, row->family, row->kind == GAUGE ? "gauge" : "counter");
    return append(out, line, len);
}

static enum err print_value(const struct row *row, int64_t value, struct buf *out) {
    char line[256];
    const char *open = row->labels[0] ? "{" : "";
    const char *close = row->labels[0] ? "}" : "";
    int len;
    if (row->kind == SECONDS) {
        len = snprintf(line, sizeof line, "%s%s%s%s %.9f\n", row->family, open, row->labels, close,
                       (double)value / (double)CLOCK_NS_PER_S);
    } else {
        len = snprintf(line, sizeof line, "%s%s%s%s %" PRId64 "\n", row->family, open, row->labels,
                       close, value);
    }
    return append(out, line, len);
}

enum err counters_print(struct buf *out) {
    for (size_t i = 0; i < COUNTER_N; i++) {
        enum err err = starts_family(i) ? print_header(&table[i], out) : ERR_OK;
        if (err == ERR_OK) {
            err = print_value(&table[i], counters_get((enum counter)i), out);
        }
        if (err != ERR_OK) {
            return err;
        }
    }
    return ERR_OK;
}

enum err counters_print_docs(struct buf *out) {
    static const char *const kinds[] = {"counter", "counter", "gauge"};
    for (size_t i = 0; i < COUNTER_N; i++) {
        if (!starts_family(i)) {
            continue;
        }
        char line[512];
        const int len = snprintf(line, sizeof line, "| `%s` | %s | %s |\n", table[i].family,
                                 kinds[table[i].kind], table[i].help);
        const enum err err = append(out, line, len);
        if (err != ERR_OK) {
            return err;
        }
    }
    return ERR_OK;
}
