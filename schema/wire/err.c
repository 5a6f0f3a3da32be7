/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/wire/err.h"

#include <stdarg.h>
#include <stdio.h>

static const struct {
    const char *text;
    enum err_class class;
} rows[] = {
#define X(symbol, class_, text_) [symbol] = {text_, ERR_CLASS_##class_},
    ERR_TABLE(X)
#undef X
};

const char *err_text(enum err err) {
    return rows[err].text;
}

enum err_class err_class_of(enum err err) {
    return rows[err].class;
}

enum err why_set(struct why *why, enum err err, const char *format, ...) {
    if (why != NULL) {
        va_list args;
        va_start(args, format);
        vsnprintf(why->text, sizeof why->text, format, args);
        va_end(args);
    }
    return err;
}
