/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/bus.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

/* C has no cast from the pointer that dlsym() gives to one to a function; POSIX promises that their
 * bytes are the same. */
_Static_assert(sizeof(void *) == sizeof(((struct bus *)NULL)->ship), "POSIX, dlsym()");

enum err bus_load(struct bus *out, struct why *why) {
    static const struct {
        const char *name;
        size_t at;
    } symbols[] = {
        {"tocsin_start", offsetof(struct bus, start)},
        {"tocsin_prepare", offsetof(struct bus, prepare)},
        {"tocsin_log_at", offsetof(struct bus, log_at)},
        {"tocsin_log_system_at", offsetof(struct bus, log_system_at)},
        {"tocsin_alert_at", offsetof(struct bus, alert_at)},
        {"tocsin_set_config", offsetof(struct bus, set_config)},
        {"tocsin_get_stats", offsetof(struct bus, get_stats)},
        {"tocsin_finish_at", offsetof(struct bus, finish_at)},
        {"tocsin_fail", offsetof(struct bus, fail)},
        {"tocsin_ship", offsetof(struct bus, ship)},
        {"tocsin_keypair", offsetof(struct bus, keypair)},
        {"tocsin_strerror", offsetof(struct bus, strerror)},
    };
    struct bus bus;
    void *library = dlopen(BUS_LIBRARY, RTLD_NOW | RTLD_LOCAL);
    for (size_t i = 0; i < sizeof symbols / sizeof symbols[0]; i++) {
        void *symbol = library != NULL ? dlsym(library, symbols[i].name) : NULL;
        if (symbol == NULL) {
            return why_set(why, ERR_IO, "cannot use %s: %s; install it next to this program",
                           BUS_LIBRARY, dlerror());
        }
        memcpy((char *)&bus + symbols[i].at, &symbol, sizeof symbol);
    }
    *out = bus;
    return ERR_OK;
}
