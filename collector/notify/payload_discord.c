/* SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>

#include "collector/notify/payload_build.h"
#include "collector/notify/permalink.h"
#include "collector/notify/wording.h"

/* Discord's limits: title 256, description 4,096, footer 2,048 (three names and some numbers stay
 * far below), together 6,000. */
static const struct wording_style style = {
    .title = MARKUP_DISCORD,
    .text = MARKUP_DISCORD,
    .context = MARKUP_DISCORD_PLAIN,
    .title_max = 256,
    .text_max = 4096,
    .name_max = 256,
    .line_title_max = 120,
    .line_name_max = 60,
};

static const int colors[] = {3447003, 16776960, 15158332}; /* Trackio's */

static json_t *text_of(const struct markup_text *text) {
    return json_stringn((const char *)text->buf.ptr, text->buf.len);
}

static json_t *embed_of(const struct payload *payload, const struct wording *wording) {
    char url[PERMALINK_BYTES_MAX + 1];
    json_t *embed =
        json_pack("{s:o, s:i, s:{s:o}}", "title", text_of(&wording->title), "color",
                  colors[wording_level(payload)], "footer", "text", text_of(&wording->context));
    int failed = embed == NULL;
    if (wording->text.buf.len > 0) {
        failed |= json_object_set_new(embed, "description", text_of(&wording->text));
    }
    if (permalink_page(payload->dashboard, wording_project(payload), wording_run(payload), url)) {
        failed |= json_object_set_new(embed, "url", json_string(url));
    }
    if (failed != 0) {
        json_decref(embed);
        return NULL;
    }
    return embed;
}

/* Links in an embed are never unfurled. The flag SUPPRESS_EMBEDS would take this one away, too. */
json_t *payload_discord(const struct payload *payload) {
    struct wording wording;
    json_t *message = NULL;
    if (wording_make(payload, &style, &wording) == ERR_OK) {
        message = json_pack("{s:[o], s:{s:[]}}", "embeds", embed_of(payload, &wording),
                            "allowed_mentions", "parse");
    }
    wording_fini(&wording);
    return message;
}
