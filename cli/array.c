/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/array.h"

#include <stdlib.h>
#include <string.h>

static void put_element(FILE *file, const char *text) {
    fputc('"', file);
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\') {
            fputc('\\', file);
        }
        fputc(*text, file);
    }
    fputc('"', file);
}

char *array_of_texts(int n, const char *const *texts) {
    char *array = NULL;
    size_t len = 0;
    FILE *file = open_memstream(&array, &len);
    if (file == NULL) {
        abort();
    }
    fputc('{', file);
    for (int i = 0; i < n; i++) {
        fputs(i == 0 ? "" : ",", file);
        put_element(file, texts[i]);
    }
    fputc('}', file);
    if (fclose(file) != 0) {
        abort();
    }
    return array;
}

char *array_of_option(const struct ctx *ctx, const char *option) {
    const char *texts[ARGS_LIST_MAX];
    int n = 0;
    while (n < ARGS_LIST_MAX && (texts[n] = args_list(ctx->args, option, n)) != NULL) {
        n++;
    }
    return array_of_texts(n, texts);
}

bool array_next(const char **at, char out[ARRAY_NUMBER_BYTES]) {
    const char *from = *at + strspn(*at, "{,");
    const size_t len = strcspn(from, ",}");
    if (len == 0) {
        return false;
    }
    const bool null = len == 4 && memcmp(from, "NULL", 4) == 0;
    snprintf(out, ARRAY_NUMBER_BYTES, "%.*s", null ? 0 : (int)len, from);
    *at = from + len;
    return true;
}
