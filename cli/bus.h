/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_BUS_H
#define CLI_BUS_H

/* libtocsin for the few commands that need it, loaded when they do: libzmq and the libraries behind
 * it would cost every other command 5 ms of the 20 that it may take. */

#include "emitter/include/tocsin.h"
#include "schema/wire/err.h"

struct bus {
    __typeof__(tocsin_start) *start;
    __typeof__(tocsin_prepare) *prepare;
    __typeof__(tocsin_log_at) *log_at;
    __typeof__(tocsin_log_system_at) *log_system_at;
    __typeof__(tocsin_alert_at) *alert_at;
    __typeof__(tocsin_set_config) *set_config;
    __typeof__(tocsin_get_stats) *get_stats;
    __typeof__(tocsin_finish_at) *finish_at;
    __typeof__(tocsin_fail) *fail;
    __typeof__(tocsin_ship) *ship;
    __typeof__(tocsin_keypair) *keypair;
    __typeof__(tocsin_strerror) *strerror;
};

/* The library stays loaded. Errors: ERR_IO (it is not installed, or not this version's). */
enum err bus_load(struct bus *out, struct why *why) ERR_MUST_CHECK;

#endif
