/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COLLECTOR_SETTINGS_H
#define COLLECTOR_SETTINGS_H

/* The settings of tocsind, from the table settings.def: their values, and every text that is made
 * from the table. Where values come from is settings_load.h. Main thread only; the struct never
 * changes once the other threads run. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/log.h"
#include "schema/wire/buf.h"
#include "schema/wire/err.h"

struct settings {
#define SETTING_TEXT(name, initial, help)                   char *name;
#define SETTING_SECRET(name, initial, help)                 char *name;
#define SETTING_HIDDEN(name, initial, help)                 char *name;
#define SETTING_INT(name, initial, unit, least, most, help) int64_t name;
#include "collector/settings.def"
#undef SETTING_TEXT
#undef SETTING_SECRET
#undef SETTING_HIDDEN
#undef SETTING_INT
    enum log_level least_level; /* log_level as parsed */
    int webhook_least_level;    /* webhook_min_level as parsed: 0, 1, 2 */
};

#define SETTINGS_NAME_BYTES_MAX 64

/* Sets the defaults of the table. settings_fini() frees; it works on a zeroed struct. */
void settings_init(struct settings *out);
void settings_fini(struct settings *settings);

/* Sets the setting called name (written with _ or -) from text. source names where the text comes
 * from, for the message. Errors: ERR_CONFIG (unknown name, with the nearest; bad value). */
enum err settings_assign(struct settings *settings, const char *name, const char *text,
                         const char *source, struct why *why) ERR_MUST_CHECK;

/* Whether it must not stand on the command line. */
bool settings_is_hidden(const char *name);

/* Checks the settings against each other and fills in what is empty and has a default place. */
enum err settings_complete(struct settings *settings, struct why *why) ERR_MUST_CHECK;

/* Name of row i, NULL after the last. */
const char *settings_name(size_t i);
/* The environment variable of a setting, for example TOCSIND_QUEUE_BYTES. */
void settings_variable(const char *name, size_t size, char *out);

/* Each appends text for people to out. config: an .ini file that can be read back, except for
 * passwords, which are masked. */
enum err settings_print_help(struct buf *out) ERR_MUST_CHECK;
enum err settings_print_config(const struct settings *settings, struct buf *out) ERR_MUST_CHECK;
enum err settings_print_docs(struct buf *out) ERR_MUST_CHECK;

#endif
