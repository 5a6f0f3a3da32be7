/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/settings.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/counters.h"
#include "schema/db/dsn.h"
#include "schema/db/pg.h"
#include "schema/wire/place.h"

enum type { TEXT, SECRET, HIDDEN, INT };

static const struct row {
    const char *name;
    enum type type;
    size_t offset; /* in struct settings: of a char * or an int64_t */
    const char *initial;
    const char *unit;
    int64_t least;
    int64_t most;
    const char *help;
} table[] = {
#define SETTING_TEXT(name, initial, help)                                                          \
    {#name, TEXT, offsetof(struct settings, name), initial, "", 0, 0, help},
#define SETTING_SECRET(name, initial, help)                                                        \
    {#name, SECRET, offsetof(struct settings, name), initial, "", 0, 0, help},
#define SETTING_HIDDEN(name, initial, help)                                                        \
    {#name, HIDDEN, offsetof(struct settings, name), initial, "", 0, 0, help},
#define SETTING_INT(name, initial, unit, least, most, help)                                        \
    {#name, INT, offsetof(struct settings, name), #initial, unit, least, most, help},
#include "collector/settings.def"
#undef SETTING_TEXT
#undef SETTING_SECRET
#undef SETTING_HIDDEN
#undef SETTING_INT
};

#define ROWS (sizeof table / sizeof table[0])

static char **text_at(struct settings *settings, const struct row *row) {
    return (char **)(void *)((char *)settings + row->offset);
}

static int64_t *int_at(struct settings *settings, const struct row *row) {
    return (int64_t *)(void *)((char *)settings + row->offset);
}

static void replace_text(char **at, const char *text) {
    char *copy = strdup(text);
    if (!copy) {
        abort();
    }
    free(*at);
    *at = copy;
}

void settings_init(struct settings *out) {
    *out = (struct settings){.least_level = LOG_INFO};
    for (size_t i = 0; i < ROWS; i++) {
        if (table[i].type == INT) {
            *int_at(out, &table[i]) = strtoll(table[i].initial, NULL, 10);
        } else {
            replace_text(text_at(out, &table[i]), table[i].initial);
        }
    }
}

void settings_fini(struct settings *settings) {
    for (size_t i = 0; i < ROWS; i++) {
        if (table[i].type != INT) {
            free(*text_at(settings, &table[i]));
            *text_at(settings, &table[i]) = NULL;
        }
    }
}

static bool name_matches(const char *given, const char *name) {
    while (*given && (*given == *name || (*given == '-' && *name == '_'))) {
        given++;
        name++;
    }
    return *given == *name;
}

/* Levenshtein's distance, over at most SETTINGS_NAME_BYTES_MAX bytes of each. */
static size_t distance(const char *a, const char *b) {
    size_t row[SETTINGS_NAME_BYTES_MAX + 1];
    const size_t n = strnlen(b, SETTINGS_NAME_BYTES_MAX);
    for (size_t j = 0; j <= n; j++) {
        row[j] = j;
    }
    for (size_t i = 0; i < SETTINGS_NAME_BYTES_MAX && a[i]; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < n; j++) {
            const size_t replaced = diagonal + (a[i] != b[j]);
            const size_t shifted = 1 + (row[j] < row[j + 1] ? row[j] : row[j + 1]);
            diagonal = row[j + 1];
            row[j + 1] = replaced < shifted ? replaced : shifted;
        }
    }
    return row[n];
}

static enum err unknown_name(const char *name, const char *source, struct why *why) {
    const char *nearest = table[0].name;
    for (size_t i = 1; i < ROWS; i++) {
        if (distance(name, table[i].name) < distance(name, nearest)) {
            nearest = table[i].name;
        }
    }
    return why_set(why, ERR_CONFIG,
                   "%s: there is no setting \"%.64s\"; the nearest is \"%s\" (tocsind --help lists "
                   "them all)",
                   source, name, nearest);
}

static enum err assign_int(int64_t *at, const struct row *row, const char *text, const char *source,
                           struct why *why) {
    char *end = NULL;
    errno = 0;
    const long long value = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || value < row->least || value > row->most) {
        return why_set(why, ERR_CONFIG,
                       "%s: %s is \"%.64s\"; give a whole number of %s from %" PRId64
                       " to %" PRId64,
                       source, row->name, text, row->unit, row->least, row->most);
    }
    *at = value;
    return ERR_OK;
}

static const struct row *find_row(const char *name) {
    for (size_t i = 0; i < ROWS; i++) {
        if (name_matches(name, table[i].name)) {
            return &table[i];
        }
    }
    return NULL;
}

bool settings_is_hidden(const char *name) {
    const struct row *row = find_row(name);
    return row && row->type == HIDDEN;
}

enum err settings_assign(struct settings *settings, const char *name, const char *text,
                         const char *source, struct why *why) {
    const struct row *row = find_row(name);
    if (!row) {
        return unknown_name(name, source, why);
    }
    if (row->type == INT) {
        return assign_int(int_at(settings, row), row, text, source, why);
    }
    replace_text(text_at(settings, row), text);
    return ERR_OK;
}

static enum err complete_level(struct settings *settings, struct why *why) {
    for (int i = 0; i < LOG_LEVELS; i++) {
        if (strcmp(settings->log_level, log_level_names[i]) == 0) {
            settings->least_level = (enum log_level)i;
            return ERR_OK;
        }
    }
    return why_set(why, ERR_CONFIG, "log_level is \"%.64s\"; give debug, info, warn or error",
                   settings->log_level);
}

static enum err complete_webhooks(struct settings *settings, struct why *why) {
    static const char *const levels[] = {"info", "warn", "error"};
    for (int i = 0; i < 3; i++) {
        if (strcmp(settings->webhook_min_level, levels[i]) == 0) {
            settings->webhook_least_level = i;
            return ERR_OK;
        }
    }
    return why_set(why, ERR_CONFIG, "webhook_min_level is \"%.64s\"; give info, warn or error",
                   settings->webhook_min_level);
}

static enum err complete_listen(struct settings *settings, struct why *why) {
    char endpoint[PLACE_PATH_BYTES_MAX];
    const enum err err = place_ingest_endpoint(sizeof endpoint, endpoint, why);
    if (err == ERR_OK) {
        replace_text(&settings->listen, endpoint);
    }
    return err;
}

/* The private server is entered as the role that may only store. */
static enum err complete_dsn(struct settings *settings, struct why *why) {
    char dsn[DSN_BYTES_MAX];
    bool is_private = false;
    const enum err err =
        dsn_resolve(settings->dsn, "tocsin_collector", sizeof dsn, dsn, &is_private, why);
    if (err == ERR_OK) {
        replace_text(&settings->dsn, dsn);
    }
    return err;
}

enum err settings_complete(struct settings *settings, struct why *why) {
    enum err err = complete_level(settings, why);
    if (err == ERR_OK) {
        err = complete_webhooks(settings, why);
    }
    if (err == ERR_OK) {
        err = complete_dsn(settings, why);
    }
    if (err == ERR_OK && settings->listen[0] == '\0') {
        err = complete_listen(settings, why);
    }
    return err;
}

const char *settings_name(size_t i) {
    return i < ROWS ? table[i].name : NULL;
}

void settings_variable(const char *name, size_t size, char *out) {
    snprintf(out, size, "TOCSIND_%s", name);
    for (; *out; out++) {
        *out = (char)toupper((unsigned char)*out);
    }
}

/* Appends formatted text; a line over 1 KiB is ERR_TOO_LONG. */
static enum err put(struct buf *out, const char *format, ...) ERR_PRINTF(2, 3) ERR_MUST_CHECK;

static enum err put(struct buf *out, const char *format, ...) {
    char text[1024];
    va_list args;
    va_start(args, format);
    const int len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return len < 0 || (size_t)len >= sizeof text ? ERR_TOO_LONG
                                                 : buf_append(out, text, (size_t)len);
}

/* Appends help in lines of at most 80 columns. */
static enum err put_wrapped(struct buf *out, const char *help) {
    const char *at = help;
    enum err err = ERR_OK;
    while (*at && err == ERR_OK) {
        size_t len = strlen(at);
        if (len > 74) {
            for (len = 74; len > 0 && at[len] != ' '; len--) {
            }
        }
        err = put(out, "      %.*s\n", (int)len, at);
        at += len + (at[len] == ' ');
    }
    return err;
}

static enum err put_flag(struct buf *out, const struct row *row) {
    char flag[SETTINGS_NAME_BYTES_MAX];
    snprintf(flag, sizeof flag, "%s", row->name);
    for (char *c = flag; *c; c++) {
        *c = *c == '_' ? '-' : *c;
    }
    enum err err = row->type == INT
                       ? put(out, "  --%s N  (%s, default %s)\n", flag, row->unit, row->initial)
                       : put(out, "  --%s TEXT\n", flag);
    return err == ERR_OK ? put_wrapped(out, row->help) : err;
}

enum err settings_print_help(struct buf *out) {
    enum err err = put(out, "Usage: tocsind [--config FILE] [--<setting> VALUE ...]\n"
                            "       tocsind --help | --version | --print-config | --print-docs\n\n"
                            "Takes metrics and alerts from training runs and commits them to "
                            "PostgreSQL.\nEach setting may also stand in the configuration file "
                            "(name = value) or in the\nenvironment (TOCSIND_<NAME>).\n\n");
    for (size_t i = 0; i < ROWS && err == ERR_OK; i++) {
        err = put_flag(out, &table[i]);
    }
    return err;
}

static enum err put_value(struct buf *out, const struct row *row, struct settings *settings) {
    if (row->type == INT) {
        return put(out, "%s = %" PRId64 "\n", row->name, *int_at(settings, row));
    }
    const char *text = *text_at(settings, row);
    char masked[DSN_BYTES_MAX];
    if (row->type == SECRET) {
        dsn_mask(text, sizeof masked, masked);
        text = masked;
    } else if (row->type == HIDDEN && text[0]) {
        text = "***";
    }
    enum err err = put(out, "%s = ", row->name);
    if (err == ERR_OK) {
        err = buf_append(out, text, strlen(text));
    }
    return err == ERR_OK ? put(out, "\n") : err;
}

enum err settings_print_config(const struct settings *settings, struct buf *out) {
    struct settings copy = *settings; /* the accessors want a writable one; nothing is written */
    enum err err = put(out, "[tocsind]\n");
    for (size_t i = 0; i < ROWS && err == ERR_OK; i++) {
        err = put_value(out, &table[i], &copy);
    }
    return err;
}

static enum err put_docs_row(struct buf *out, const struct row *row) {
    enum err err = put(out, "| `%s` | %s%s%s | ", row->name, row->initial[0] ? row->initial : "",
                       row->unit[0] ? " " : "", row->unit);
    if (err == ERR_OK && row->type == INT) {
        err = put(out, "%" PRId64 " to %" PRId64, row->least, row->most);
    }
    return err == ERR_OK ? put(out, " | %s |\n", row->help) : err;
}

enum err settings_print_docs(struct buf *out) {
    enum err err = put(
        out,
        "# Settings and figures of tocsind\n\n"
        "Written by `tocsind --print-docs`; do not edit. [collector.md](collector.md) tells how "
        "tocsind works.\n\n"
        "## Settings\n\n"
        "A later source wins: default, configuration file, environment, flag.\n\n"
        "- File: `--config FILE`, else `$XDG_CONFIG_HOME/tocsin/tocsind.ini` (not for root), else "
        "`/etc/tocsin/tocsind.ini`.\n"
        "  Lines `name = value`, bare or under `[tocsind]`.\n"
        "- Environment: `TOCSIND_<NAME>`, for example `TOCSIND_QUEUE_BYTES`; for the DSN also "
        "`TOCSIN_DSN`.\n"
        "- Flag: `--queue-bytes 8388608` or `--queue_bytes=8388608`.\n\n"
        "`tocsind --print-config` shows what is in force, with passwords masked.\n\n"
        "| name | default | range | meaning |\n| --- | --- | --- | --- |\n");
    for (size_t i = 0; i < ROWS && err == ERR_OK; i++) {
        err = put_docs_row(out, &table[i]);
    }
    if (err == ERR_OK) {
        err = put(out, "\n## Figures of /metrics\n\n| name | kind | meaning |\n"
                       "| --- | --- | --- |\n");
    }
    return err == ERR_OK ? counters_print_docs(out) : err;
}
