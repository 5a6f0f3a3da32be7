/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/notify/guard.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define BYTES      16
#define V4_AT      12 /* of the IPv4 address in its 16 bytes */
#define V4_BITS    96 /* that come before it */
#define PART_MAX   63 /* the longest range and port have 51 characters */
#define SEPARATORS ", \t\r\n"

/* An address of IPv4 is ::ffff:a.b.c.d throughout. */
struct address {
    uint8_t bytes[BYTES];
};

static const uint8_t mapped[V4_AT] = {[10] = 0xff, [11] = 0xff};

/* The IANA registries of special addresses, and what clouds put on public ones. The first row that
 * holds an address decides; NULL: let through. */
struct row {
    uint8_t bytes[BYTES];
    unsigned bits;
    const char *class;
};

#define V4(a, b, c, d, bits)                                                                       \
    {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d}, V4_BITS + (bits)

static const struct row rows[] = {
    {V4(0, 0, 0, 0, 8), "an address of this host"},
    {V4(10, 0, 0, 0, 8), "a private address"},
    {V4(100, 64, 0, 0, 10), "an address of a provider's own network"},
    {V4(127, 0, 0, 0, 8), "a loopback address"},
    {V4(168, 63, 129, 16, 32), "an address of a cloud's own services"}, /* Azure */
    {V4(169, 254, 0, 0, 16), "a link-local address"},                   /* metadata of clouds */
    {V4(172, 16, 0, 0, 12), "a private address"},
    {V4(192, 0, 0, 0, 24), "a reserved address"},
    {V4(192, 0, 2, 0, 24), "a documentation address"},
    {V4(192, 88, 99, 0, 24), "a reserved address"}, /* relays of 6to4 */
    {V4(192, 168, 0, 0, 16), "a private address"},
    {V4(198, 18, 0, 0, 15), "an address for benchmarks"},
    {V4(198, 51, 100, 0, 24), "a documentation address"},
    {V4(203, 0, 113, 0, 24), "a documentation address"},
    {V4(224, 0, 0, 0, 4), "a multicast address"},
    {V4(240, 0, 0, 0, 4), "a reserved address"},
    {V4(0, 0, 0, 0, 0), NULL},
    {{0}, 128, "an address of this host"},
    {{[15] = 1}, 128, "a loopback address"},
    {{0, 0x64, 0xff, 0x9b}, 96, NULL}, /* NAT64: the IPv4 address in it decides */
    {{0xfc}, 7, "a private address"},
    {{0xfe, 0x80}, 10, "a link-local address"},
    {{0xfe, 0xc0}, 10, "a private address"}, /* site-local */
    {{0xff}, 8, "a multicast address"},
    {{0x20, 0x01}, 23, "a reserved address"}, /* protocols; Teredo among them */
    {{0x20, 0x01, 0x0d, 0xb8}, 32, "a documentation address"},
    {{0x20, 0x02}, 16, "a reserved address"}, /* 6to4, given up by RFC 7526 */
    {{0x3f, 0xff}, 20, "a documentation address"},
    {{0x20}, 3, NULL}, /* global unicast */
    {{0}, 0, "a reserved address"},
};

/* Where forms of IPv6 carry an address of IPv4, and what it was XORed with. Compatible ones (::/96)
 * are refused as they are; ::1 would be one of them. */
static const struct {
    uint8_t bytes[BYTES];
    unsigned bits;
    unsigned at;
    uint8_t mask;
} carriers[] = {
    {{0, 0x64, 0xff, 0x9b}, 96, 12, 0},       /* NAT64 */
    {{0, 0x64, 0xff, 0x9b, 0, 1}, 48, 12, 0}, /* NAT64 of a network's own */
    {{0x20, 0x02}, 16, 2, 0},                 /* 6to4 */
    {{0x20, 0x01, 0, 0}, 32, 4, 0},           /* Teredo: the server */
    {{0x20, 0x01, 0, 0}, 32, 12, 0xff},       /* Teredo: the client */
};

static bool is_in(const struct address *address, const uint8_t bytes[BYTES], unsigned bits) {
    const unsigned whole = bits / 8;
    const unsigned rest = bits % 8;
    return memcmp(address->bytes, bytes, whole) == 0 &&
           (rest == 0 || (address->bytes[whole] ^ bytes[whole]) >> (8 - rest) == 0);
}

static bool is_v4(const struct address *address) {
    return memcmp(address->bytes, mapped, sizeof mapped) == 0;
}

static struct address v4_of(const uint8_t v4[4]) {
    struct address address;
    memcpy(address.bytes, mapped, sizeof mapped);
    memcpy(address.bytes + V4_AT, v4, 4);
    return address;
}

/* 10.0.0.0 of 10.0.0.0/8:443 to out; false if there is no such address. */
static bool read_address(const char *text, bool v6, struct address *out) {
    uint8_t v4[4];
    if (v6) {
        return inet_pton(AF_INET6, text, out->bytes) == 1;
    }
    if (inet_pton(AF_INET, text, v4) != 1) {
        return false;
    }
    *out = v4_of(v4);
    return true;
}

/* The number after a prefix like "/", which it takes off with the number. False if it is not there,
 * or none, or past max. */
static bool read_number(const char **at, char prefix, unsigned max, unsigned *out) {
    unsigned n = 0;
    const char *digits = *at + 1;
    if (**at != prefix || *digits < '0' || *digits > '9') {
        return false;
    }
    for (; *digits >= '0' && *digits <= '9'; digits++) {
        n = n * 10 + (unsigned)(*digits - '0');
        if (n > max) {
            return false;
        }
    }
    *at = digits;
    *out = n;
    return true;
}

static bool is_first_of(const struct address *address, unsigned bits) {
    for (unsigned bit = bits; bit < BYTES * 8; bit++) {
        if ((address->bytes[bit / 8] & (0x80U >> bit % 8)) != 0) {
            return false;
        }
    }
    return true;
}

/* Bits and port, of which either may be missing. */
static bool read_tail(const char *tail, const struct address *address, bool v6,
                      struct guard_range *out) {
    const unsigned before = v6 ? 0 : V4_BITS;
    unsigned bits = BYTES * 8 - before;
    unsigned port = 0;
    if (*tail == '/' && !read_number(&tail, '/', bits, &bits)) {
        return false;
    }
    if (*tail == ':' && (!read_number(&tail, ':', UINT16_MAX, &port) || port == 0)) {
        return false;
    }
    bits += before;
    if (*tail != '\0' || !is_first_of(address, bits)) {
        return false;
    }
    *out = (struct guard_range){.bits = bits, .port = (uint16_t)port};
    memcpy(out->bytes, address->bytes, sizeof out->bytes);
    return true;
}

/* An IPv6 address in brackets ends there; one without has no port, and an IPv4 address no colon. */
static bool read_range(const char *part, struct guard_range *out) {
    char text[PART_MAX + 1];
    const bool bracketed = *part == '[';
    const bool v6 = bracketed || strchr(part, ':') != strrchr(part, ':');
    const char *start = part + (bracketed ? 1 : 0);
    const size_t len = strcspn(start, bracketed ? "]" : v6 ? "/" : "/:");
    struct address address;
    if (bracketed && start[len] != ']') {
        return false;
    }
    memcpy(text, start, len);
    text[len] = '\0';
    return read_address(text, v6, &address) &&
           read_tail(start + len + (bracketed ? 1 : 0), &address, v6, out);
}

enum err guard_parse(const char *text, struct guard *out, struct why *why) {
    struct guard guard = {.n = 0};
    while (*(text += strspn(text, SEPARATORS)) != '\0') {
        char part[PART_MAX + 1] = "";
        const size_t len = strcspn(text, SEPARATORS);
        if (len <= PART_MAX) {
            memcpy(part, text, len);
        }
        if (guard.n == GUARD_RANGES_MAX) {
            return why_set(why, ERR_CONFIG, "more than %d addresses and ranges", GUARD_RANGES_MAX);
        }
        if (!read_range(part, &guard.allowed[guard.n])) {
            return why_set(why, ERR_CONFIG,
                           "'%.*s' is not an address or range such as 10.1.2.3, 10.0.0.0/8, "
                           "127.0.0.1:8080, fd00::/8 or [::1]:8443",
                           (int)(len <= PART_MAX ? len : PART_MAX), text);
        }
        guard.n++;
        text += len;
    }
    *out = guard;
    return ERR_OK;
}

static bool is_allowed(const struct guard *guard, const struct address *address, uint16_t port) {
    for (size_t i = 0; i < guard->n; i++) {
        const struct guard_range *range = &guard->allowed[i];
        if ((range->port == 0 || range->port == port) &&
            (range->bits >= V4_BITS || !is_v4(address)) &&
            is_in(address, range->bytes, range->bits)) {
            return true;
        }
    }
    return false;
}

static const char *class_of(const struct address *address) {
    size_t i = 0;
    while (!is_in(address, rows[i].bytes, rows[i].bits)) {
        i++; /* the last row holds all */
    }
    return rows[i].class;
}

static enum err judge(const struct guard *guard, const struct address *address, uint16_t port,
                      struct why *why) {
    const char *class = class_of(address);
    if (class == NULL || is_allowed(guard, address, port)) {
        return ERR_OK;
    }
    return why_set(why, ERR_ADDRESS,
                   "%s: nothing is posted there unless the collector's setting webhook_allow "
                   "names it",
                   class);
}

static enum err judge_carried(const struct guard *guard, const struct address *address,
                              uint16_t port, struct why *why) {
    enum err err = ERR_OK;
    for (size_t i = 0; i < sizeof carriers / sizeof *carriers && err == ERR_OK; i++) {
        if (is_in(address, carriers[i].bytes, carriers[i].bits)) {
            uint8_t v4[4];
            for (size_t byte = 0; byte < sizeof v4; byte++) {
                v4[byte] = (uint8_t)(address->bytes[carriers[i].at + byte] ^ carriers[i].mask);
            }
            const struct address carried = v4_of(v4);
            err = judge(guard, &carried, port, why);
        }
    }
    return err;
}

/* Copies, since a socket address may stand anywhere. */
static bool take(const struct sockaddr *from, socklen_t len, struct address *out,
                 uint16_t *out_port) {
    sa_family_t family;
    if (len < offsetof(struct sockaddr, sa_data)) {
        return false;
    }
    memcpy(&family, (const char *)from + offsetof(struct sockaddr, sa_family), sizeof family);
    if (family == AF_INET && len >= sizeof(struct sockaddr_in)) {
        struct sockaddr_in in;
        memcpy(&in, from, sizeof in);
        *out = v4_of((const uint8_t *)&in.sin_addr);
        *out_port = ntohs(in.sin_port);
        return true;
    }
    if (family == AF_INET6 && len >= sizeof(struct sockaddr_in6)) {
        struct sockaddr_in6 in;
        memcpy(&in, from, sizeof in);
        memcpy(out->bytes, &in.sin6_addr, sizeof out->bytes);
        *out_port = ntohs(in.sin6_port);
        return true;
    }
    return false;
}

enum err guard_judge(const struct guard *guard, const struct sockaddr *address, socklen_t len,
                     struct why *why) {
    struct address judged;
    uint16_t port;
    if (!take(address, len, &judged, &port)) {
        return why_set(why, ERR_ADDRESS, "an address that is neither IPv4 nor IPv6");
    }
    const enum err err = judge(guard, &judged, port, why);
    return err == ERR_OK && !is_v4(&judged) ? judge_carried(guard, &judged, port, why) : err;
}
