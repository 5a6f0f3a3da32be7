/* SPDX-License-Identifier: Apache-2.0 */
/* Trackio sends mrkdwn sections. Untrusted text stands in plain_text here, where asterisks are
 * asterisks: the title in a header, which is bold as Trackio's title is. */

#include <jansson.h>

#include "collector/notify/payload_build.h"
#include "collector/notify/permalink.h"
#include "collector/notify/wording.h"

/* Slack answers 400 to longer ones, so the message would be lost: a header has 150 characters, a
 * section 3,000. */
static const struct wording_style style = {
    .title = MARKUP_SLACK,
    .text = MARKUP_SLACK,
    .context = MARKUP_SLACK,
    .title_max = 150,
    .text_max = 3000,
    .name_max = 256,
    .line_title_max = 72,
    .line_name_max = 36,
};

/* emoji false: nobody's :name: becomes a picture. Emoji that are characters stay. */
static json_t *plain_text(const struct markup_text *text) {
    return json_pack("{s:s, s:s%, s:b}", "type", "plain_text", "text", (const char *)text->buf.ptr,
                     text->buf.len, "emoji", 0);
}

static json_t *text_block(const char *type, const struct markup_text *text) {
    return json_pack("{s:s, s:o}", "type", type, "text", plain_text(text));
}

static json_t *context_block(json_t *element) {
    return json_pack("{s:s, s:[o]}", "type", "context", "elements", element);
}

/* The one piece of mrkdwn: percent-encoding left nothing in the URL that ends it. */
static json_t *link_block(const char *url) {
    struct markup_text link;
    markup_init(&link, MARKUP_SLACK);
    markup_say(&link, "<");
    const bool whole = markup_line(&link, url, MARKUP_BYTES_MAX / 2);
    markup_say(&link, "|Open in the dashboard>");
    json_t *element = NULL;
    if (whole && link.err == ERR_OK) {
        element = json_pack("{s:s, s:s%, s:b}", "type", "mrkdwn", "text",
                            (const char *)link.buf.ptr, link.buf.len, "verbatim", 1);
    }
    markup_fini(&link);
    return context_block(element);
}

static json_t *blocks_of(const struct payload *payload, const struct wording *wording) {
    char url[PERMALINK_BYTES_MAX + 1];
    json_t *blocks = json_array();
    int failed = json_array_append_new(blocks, text_block("header", &wording->title));
    if (wording->text.buf.len > 0) {
        failed |= json_array_append_new(blocks, text_block("section", &wording->text));
    }
    failed |= json_array_append_new(blocks, context_block(plain_text(&wording->context)));
    if (permalink_page(payload->dashboard, wording_project(payload), wording_run(payload), url)) {
        failed |= json_array_append_new(blocks, link_block(url));
    }
    if (failed != 0) {
        json_decref(blocks);
        return NULL;
    }
    return blocks;
}

/* `text` is what a notification shows; with blocks it is not shown in the channel. */
json_t *payload_slack(const struct payload *payload) {
    struct wording wording;
    json_t *message = NULL;
    if (wording_make(payload, &style, &wording) == ERR_OK) {
        message =
            json_pack("{s:s%, s:b, s:b, s:b, s:o}", "text", (const char *)wording.title.buf.ptr,
                      wording.title.buf.len, "mrkdwn", 0, "unfurl_links", 0, "unfurl_media", 0,
                      "blocks", blocks_of(payload, &wording));
    }
    wording_fini(&wording);
    return message;
}
