/* SPDX-License-Identifier: Apache-2.0 */
#include <stdatomic.h>
#include <string.h>

#include "emitter/notice.h"
#include "emitter/records.h"
#include "emitter/run.h"
#include "schema/wire/clock.h"

static const char ellipsis[] = {'.', '.', '.'}; /* no NUL: texts here have a length */

/* The text, or its beginning up to a code point with "..." behind it in out[max]. */
static struct str cut(struct str text, size_t max, char *out) {
    if (text.len <= max) {
        return text;
    }
    size_t len = max - sizeof ellipsis;
    while (len > 0 && ((uint8_t)text.ptr[len] & 0xc0) == 0x80) {
        len--;
    }
    memcpy(out, text.ptr, len);
    memcpy(out + len, ellipsis, sizeof ellipsis);
    return (struct str){.ptr = out, .len = len + sizeof ellipsis};
}

static enum tocsin_err check_alert(enum tocsin_level level, const char *title, const char *text,
                                   const char *webhook_url) {
    if (title == NULL || title[0] == '\0' || (unsigned)level > TOCSIN_ERROR) {
        return TOCSIN_ERR_ARGUMENT;
    }
    if (!str_is_text(str_of(title)) || !str_is_text(str_of(text)) ||
        !str_is_text(str_of(webhook_url))) {
        return TOCSIN_ERR_NAME;
    }
    return str_of(webhook_url).len > WIRE_URL_BYTES_MAX ? TOCSIN_ERR_TOO_LONG : TOCSIN_OK;
}

static int64_t alert_step(const struct tocsin *run, int64_t step) {
    if (step != TOCSIN_STEP_NONE) {
        return step;
    }
    const int64_t highest = atomic_load_explicit(&run->highest_step, memory_order_relaxed);
    return highest >= 0 ? highest : WIRE_STEP_NONE;
}

/* The alert has all but its texts, which are checked. */
static enum tocsin_err push_alert(struct tocsin *run, struct wire_alert alert, const char *title,
                                  const char *text, bool quiet) {
    char title_cut[WIRE_TITLE_BYTES_MAX];
    char text_cut[WIRE_TEXT_BYTES_MAX];
    alert.title = cut(str_of(title), sizeof title_cut, title_cut);
    alert.text = cut(str_of(text), sizeof text_cut, text_cut);
    atomic_fetch_add_explicit(&run->alerts, 1, memory_order_relaxed);
    run_count_emitted(run->events);
    const enum tocsin_err err = run_account(run->events, records_push_alert(run->events, &alert));
    courier_wake(run->courier);
    notice_alert(quiet, &alert);
    return err;
}

enum tocsin_err tocsin_alert(struct tocsin *run, enum tocsin_level level, const char *title,
                             const char *text, int64_t step, const char *webhook_url) {
    enum tocsin_err err = run_check(run);
    if (err != TOCSIN_OK) {
        return err;
    }
    err = check_alert(level, title, text, webhook_url);
    if (err != TOCSIN_OK) {
        return run_refuse(run, err);
    }
    const struct wire_alert alert = {.level = (enum wire_level)level,
                                     .step = alert_step(run, step),
                                     .time_ns = clock_wall_ns(),
                                     .webhook_url = webhook_of(&run->webhook, level, webhook_url)};
    return push_alert(run, alert, title, text, run->quiet);
}

enum tocsin_err tocsin_alert_at(struct tocsin *run, enum tocsin_level level, const char *title,
                                const char *text, int64_t step, int64_t time_ns) {
    enum tocsin_err err = run_check(run);
    if (err != TOCSIN_OK) {
        return err;
    }
    err =
        time_ns < TOCSIN_TIME_NS_MIN ? TOCSIN_ERR_ARGUMENT : check_alert(level, title, text, NULL);
    if (err != TOCSIN_OK) {
        return run_refuse(run, err);
    }
    const struct wire_alert alert = {.level = (enum wire_level)level,
                                     .step = step,
                                     .time_ns = time_ns,
                                     .webhook_url = WIRE_URL_NOWHERE};
    return push_alert(run, alert, title, text, true);
}

enum tocsin_err tocsin_set_config(struct tocsin *run, const char *json) {
    const enum tocsin_err err = run_check(run);
    if (err != TOCSIN_OK) {
        return err;
    }
    const struct str config = str_of(json);
    if (config.len == 0 || !str_is_text(config)) {
        return run_refuse(run, TOCSIN_ERR_ARGUMENT);
    }
    if (config.len > WIRE_CONFIG_BYTES_MAX) {
        return run_refuse(run, TOCSIN_ERR_TOO_LONG);
    }
    run_count_emitted(run->events);
    const enum tocsin_err stored =
        run_account(run->events, records_push_config(run->events, config));
    courier_wake(run->courier);
    return stored;
}
