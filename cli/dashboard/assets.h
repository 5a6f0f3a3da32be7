/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_DASHBOARD_ASSETS_H
#define CLI_DASHBOARD_ASSETS_H

/* The page's files, inside of the program. They are made in cli/dashboard/page and kept in
 * cli/dashboard/dist; the build packs them with gzip. */

#include "cli/dashboard/visit.h"

/* False: there is no such file. */
bool assets_answer(const struct visit *visit, struct reply *reply);

#endif
