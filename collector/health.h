/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COLLECTOR_HEALTH_H
#define COLLECTOR_HEALTH_H

/* HTTP on a loopback address: GET /metrics (Prometheus text) and GET /healthz (200 while PostgreSQL
 * answers and received data gets there, else 503 with the reason as JSON). A thread of its own,
 * inside libmicrohttpd, whose header is included in health.c only. It reads counters and nothing
 * else, so it answers whatever the other threads are doing.
 */

#include "collector/dbconn.h"
#include "schema/wire/err.h"

struct health;

/* address: "127.0.0.1:9187", "[::1]:0"; port 0: the kernel chooses. conn is borrowed until
 * health_stop(). Errors: ERR_ADDRESS with a sentence that names the remedy. */
enum err health_start(const char *address, const struct dbconn *conn, struct health **out,
                      struct why *why) ERR_MUST_CHECK;
void health_stop(struct health *health); /* NULL is fine */

/* "127.0.0.1:43211", with the real port; lives as long as health. "" for NULL. */
const char *health_address(const struct health *health);

#endif
