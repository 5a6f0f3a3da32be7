/* SPDX-License-Identifier: Apache-2.0 */
#include "emitter/trouble.h"

#include "emitter/notice.h"

/* A collector that is just being stopped breaks off a handshake, too. */
#define BROKEN_OFF_TELLING 3

static void say_key_refused(const char *endpoint, const struct link_keys *keys, bool quiet) {
    notice_say(
        quiet,
        "the collector at %s does not admit this key: not authorised, or revoked. There run: "
        "tocsin keys authorize --name NAME --public-key='%s'",
        endpoint, keys != NULL ? keys->own.public_key : "");
}

static void say_mechanism(const char *endpoint, const struct link_keys *keys, bool quiet) {
    if (keys == NULL) {
        notice_say(
            quiet,
            "the collector at %s admits keys only: make one with tocsin keys client, and set "
            "TOCSIN_KEY_FILE and TOCSIN_SERVER_KEY",
            endpoint);
    } else {
        notice_say(quiet,
                   "the collector at %s takes no keys: give it its setting server_key, or unset "
                   "TOCSIN_KEY_FILE and TOCSIN_SERVER_KEY",
                   endpoint);
    }
}

static void say_broken_off(const char *endpoint, const struct link_keys *keys, bool quiet) {
    if (keys != NULL) {
        notice_say(quiet,
                   "the collector at %s breaks off the handshake: TOCSIN_SERVER_KEY is not its key "
                   "(there tocsin keys server shows it), or it takes no keys",
                   endpoint);
    } else {
        notice_say(quiet, "what listens at %s breaks off the handshake: is it a tocsin collector?",
                   endpoint);
    }
}

static void say_protocol(const char *endpoint, const struct link_keys *keys, bool quiet) {
    (void)keys;
    notice_say(quiet, "what listens at %s does not speak our protocol: is it a tocsin collector?",
               endpoint);
}

static void say_unknown_host(const char *endpoint, const struct link_keys *keys, bool quiet) {
    (void)keys;
    notice_say(quiet, "the host of %s is unknown or not reachable from here: check its name",
               endpoint);
}

typedef void say_fn(const char *endpoint, const struct link_keys *keys, bool quiet);

static say_fn *const sentences[LINK_TROUBLES] = {
    [LINK_BROKEN_OFF] = say_broken_off,     [LINK_PROTOCOL] = say_protocol,
    [LINK_MECHANISM] = say_mechanism,       [LINK_KEY_REFUSED] = say_key_refused,
    [LINK_UNKNOWN_HOST] = say_unknown_host, /* a closed connection is told as an absent collector */
};

void trouble_note(struct trouble *trouble, enum link_trouble what, const char *endpoint,
                  const struct link_keys *keys, bool quiet) {
    trouble->broken_off = what == LINK_BROKEN_OFF ? trouble->broken_off + 1 : 0;
    if (what == LINK_BROKEN_OFF && trouble->broken_off < BROKEN_OFF_TELLING) {
        return;
    }
    if (sentences[what] != NULL && !trouble->told[what]) {
        trouble->told[what] = true;
        sentences[what](endpoint, keys, quiet);
    }
}

void trouble_over(struct trouble *trouble) {
    *trouble = (struct trouble){.broken_off = 0};
}
