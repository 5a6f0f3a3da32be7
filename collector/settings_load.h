/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COLLECTOR_SETTINGS_LOAD_H
#define COLLECTOR_SETTINGS_LOAD_H

/* Where settings come from. A later source wins over an earlier one: default, configuration file,
 * environment (TOCSIND_<NAME>; for the DSN also TOCSIN_DSN, which TOCSIND_DSN beats), flag.
 * Main thread only. */

#include "collector/settings.h"
#include "schema/wire/err.h"

enum settings_action { /* what the command line asks for */
                       SETTINGS_RUN,
                       SETTINGS_HELP,
                       SETTINGS_VERSION,
                       SETTINGS_PRINT_CONFIG,
                       SETTINGS_PRINT_DOCS,
};

/* On success *out is owned by the caller: settings_fini(). For HELP, VERSION and PRINT_DOCS only
 * the command line is read and *out holds defaults.
 * Errors: ERR_CONFIG, with a sentence that names the source, the setting and the remedy. */
enum err settings_load(int argc, char *const *argv, struct settings *out,
                       enum settings_action *out_action, struct why *why) ERR_MUST_CHECK;

#endif
