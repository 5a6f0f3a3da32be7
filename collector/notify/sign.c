/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/notify/sign.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define PREFIX        "whsec_"
#define KEY_BYTES_MIN 24
#define KEY_BYTES_MAX 64
#define MAC_BASE64                                                                                 \
    sodium_base64_ENCODED_LEN(crypto_auth_hmacsha256_BYTES, sodium_base64_VARIANT_ORIGINAL)

_Static_assert(2 * (sizeof "v1," - 1 + MAC_BASE64) <= SIGN_HEADER_BYTES_MAX,
               "two signatures and what separates them");

struct key {
    unsigned char bytes[KEY_BYTES_MAX];
    size_t len;
};

/* What a secret looks like is said, never what this one is. */
static enum err read_key(const char *secret, struct key *out, struct why *why) {
    const size_t prefix = sizeof PREFIX - 1;
    if (strncmp(secret, PREFIX, prefix) != 0 ||
        sodium_base642bin(out->bytes, sizeof out->bytes, secret + prefix, strlen(secret + prefix),
                          NULL, &out->len, NULL, sodium_base64_VARIANT_ORIGINAL) != 0 ||
        out->len < KEY_BYTES_MIN) {
        return why_set(why, ERR_VALUE,
                       "a signing secret is " PREFIX " and %d to %d bytes in base64", KEY_BYTES_MIN,
                       KEY_BYTES_MAX);
    }
    return ERR_OK;
}

/* Without sodium_init(): that is for what takes random numbers or has several implementations. */
static void sign_with(const struct key *key, struct str head, struct str body,
                      char out[MAC_BASE64]) {
    crypto_auth_hmacsha256_state state;
    unsigned char mac[crypto_auth_hmacsha256_BYTES];
    crypto_auth_hmacsha256_init(&state, key->bytes, key->len);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)head.ptr, head.len);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)body.ptr, body.len);
    crypto_auth_hmacsha256_final(&state, mac);
    sodium_bin2base64(out, MAC_BASE64, mac, sizeof mac, sodium_base64_VARIANT_ORIGINAL);
    sodium_memzero(&state, sizeof state);
}

enum err sign_header(const char *secret, const char *second, const char *webhook_id, int64_t unix_s,
                     struct str body, char out[SIGN_HEADER_BYTES_MAX], struct why *why) {
    const char *const secrets[] = {secret, second};
    char macs[2][MAC_BASE64] = {"", ""};
    char head[SIGN_ID_BYTES_MAX + 24];
    const int head_len = snprintf(head, sizeof head, "%s.%" PRId64 ".", webhook_id, unix_s);
    if (head_len < 0 || (size_t)head_len >= sizeof head) {
        return why_set(why, ERR_VALUE, "a webhook id has at most %d bytes", SIGN_ID_BYTES_MAX);
    }
    enum err err = ERR_OK;
    for (size_t i = 0; i < 2 && secrets[i] != NULL && err == ERR_OK; i++) {
        struct key key = {.len = 0};
        err = read_key(secrets[i], &key, why);
        if (err == ERR_OK) {
            sign_with(&key, (struct str){.ptr = head, .len = (size_t)head_len}, body, macs[i]);
        }
        sodium_memzero(&key, sizeof key);
    }
    if (err == ERR_OK) {
        snprintf(out, SIGN_HEADER_BYTES_MAX, "v1,%s%s%s", macs[0], second != NULL ? " v1," : "",
                 macs[1]);
    }
    return err;
}
