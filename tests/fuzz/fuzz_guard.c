/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as webhook_allow. What is taken must mean the same when it is written out again; what
 * is refused leaves the output alone. The first bytes are an address, which no list of ranges may
 * make worse. */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "collector/notify/guard.h"
#include "tests/fuzz/fuzz.h"

#define ADDRESS_BYTES 18U

/* [address]/bits:port of every range. */
static void write_out(const struct guard *guard, char *out, size_t bytes) {
    size_t at = 0;
    for (size_t i = 0; i < guard->n; i++) {
        const struct guard_range *range = &guard->allowed[i];
        char address[INET6_ADDRSTRLEN];
        char port[8] = "";
        FUZZ_MUST(range->bits <= 128);
        FUZZ_MUST(inet_ntop(AF_INET6, range->bytes, address, sizeof address) != NULL);
        if (range->port != 0) {
            snprintf(port, sizeof port, ":%u", range->port);
        }
        const int n = snprintf(out + at, bytes - at, "[%s]/%u%s ", address, range->bits, port);
        FUZZ_MUST(n > 0 && (size_t)n < bytes - at);
        at += (size_t)n;
    }
}

static void check_again(const struct guard *guard) {
    char text[GUARD_RANGES_MAX * 80] = "";
    struct guard again;
    write_out(guard, text, sizeof text);
    FUZZ_MUST(guard_parse(text, &again, NULL) == ERR_OK);
    FUZZ_MUST(again.n == guard->n);
    for (size_t i = 0; i < guard->n; i++) {
        FUZZ_MUST(memcmp(&again.allowed[i], &guard->allowed[i], sizeof again.allowed[i]) == 0);
    }
}

static void check_judge(const struct guard *guard, const uint8_t address[ADDRESS_BYTES]) {
    const struct guard none = {.n = 0};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
    struct why why;
    memcpy(&in6.sin6_addr, address, 16);
    memcpy(&in6.sin6_port, address + 16, 2);
    const enum err strict = guard_judge(&none, (struct sockaddr *)&in6, sizeof in6, &why);
    const enum err err = guard_judge(guard, (struct sockaddr *)&in6, sizeof in6, &why);
    FUZZ_MUST(strict == ERR_OK || strict == ERR_ADDRESS);
    FUZZ_MUST(err == ERR_OK || (err == ERR_ADDRESS && strict == ERR_ADDRESS));
    FUZZ_MUST(strict == ERR_ADDRESS || address[0] >> 5 == 1 || /* 2000::/3, NAT64 and mapped */
              memcmp(address, "\0\x64\xff\x9b", 4) == 0 || address[10] == 0xff);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < ADDRESS_BYTES) {
        return 0;
    }
    const size_t len = size - ADDRESS_BYTES;
    char *text = malloc(len + 1);
    FUZZ_MUST(text != NULL);
    memcpy(text, data + ADDRESS_BYTES, len);
    text[len] = '\0';
    struct guard guard;
    struct guard before;
    memset(&guard, 0x5a, sizeof guard);
    before = guard;
    struct why why = {""};
    if (guard_parse(text, &guard, &why) == ERR_OK) {
        check_again(&guard);
        check_judge(&guard, data);
    } else {
        FUZZ_MUST(memcmp(&guard, &before, sizeof guard) == 0 && why.text[0] != '\0');
    }
    free(text);
    return 0;
}
