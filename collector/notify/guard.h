/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COLLECTOR_NOTIFY_GUARD_H
#define COLLECTOR_NOTIFY_GUARD_H

/* Where the collector may connect to on behalf of a URL that came from outside: judged on the
 * socket address after resolution, never on the text. Private, loopback, link-local, multicast,
 * documentation and other special ranges are refused, of IPv6 everything that is not global
 * unicast, and IPv6 forms that carry an IPv4 address (mapped, compatible, NAT64, 6to4, Teredo) are
 * judged by it as well; what webhook_allow names is let through. Pure. */

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "schema/wire/err.h"

#define GUARD_RANGES_MAX 64

struct guard_range {
    uint8_t bytes[16]; /* IPv4 as ::ffff:a.b.c.d */
    unsigned bits;     /* of bytes that count, 0..128 */
    uint16_t port;     /* 0: all */
};

struct guard {
    struct guard_range allowed[GUARD_RANGES_MAX];
    size_t n;
};

/* text: addresses and ranges separated by commas or blanks: 10.1.2.3, 10.0.0.0/8, 127.0.0.1:8080,
 * fd00::/8, [::1]:8443, [fd00::]/8:443; may be empty. A range begins with its first address:
 * 10.1.2.3/8 is a mistake and not 10.0.0.0/8. Ranges of IPv6 contain no IPv4 address.
 * Errors: ERR_CONFIG, with the part that is not one. */
enum err guard_parse(const char *text, struct guard *out, struct why *why) ERR_MUST_CHECK;

/* Errors: ERR_ADDRESS, with the class of the address ("a private address") and how to allow it,
 * never the address itself or its name: who wrote the URL would learn what only the collector's
 * network knows. Anything but IPv4 and IPv6 is refused. */
enum err guard_judge(const struct guard *guard, const struct sockaddr *address, socklen_t len,
                     struct why *why) ERR_MUST_CHECK;

#endif
