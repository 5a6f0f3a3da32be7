/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/instant.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "schema/wire/clock.h"

#define SECONDS_MAX (INT64_MAX / CLOCK_NS_PER_S) /* 2262-04-11 */

static const char *skip_blanks(const char *at) {
    return at + strspn(at, " \t");
}

/* Exactly n digits. */
static bool take_digits(const char **at, int n, int *out) {
    int value = 0;
    for (int i = 0; i < n; i++) {
        const char c = (*at)[i];
        if (c < '0' || c > '9') {
            return false;
        }
        value = value * 10 + (c - '0');
    }
    *at += n;
    *out = value;
    return true;
}

static bool take(const char **at, char c) {
    const bool is = **at == c;
    *at += is ? 1 : 0;
    return is;
}

/* The digits behind the point, of which the first nine count. */
static bool take_fraction(const char **at, int64_t *out_ns) {
    int64_t ns = 0;
    int n = 0;
    for (; isdigit((unsigned char)**at); (*at)++, n++) {
        ns = n < 9 ? ns * 10 + (**at - '0') : ns;
    }
    for (int i = n; i < 9; i++) {
        ns *= 10;
    }
    *out_ns = ns;
    return n > 0;
}

static bool is_date(const struct tm *tm) {
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const int year = tm->tm_year + 1900;
    const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    if (tm->tm_mon < 0 || tm->tm_mon > 11 || tm->tm_mday < 1) {
        return false;
    }
    return tm->tm_mday <= days[tm->tm_mon] + (leap && tm->tm_mon == 1 ? 1 : 0);
}

static bool take_date(const char **at, struct tm *out) {
    struct tm tm = {0};
    if (!take_digits(at, 4, &tm.tm_year) || !take(at, '-') || !take_digits(at, 2, &tm.tm_mon) ||
        !take(at, '-') || !take_digits(at, 2, &tm.tm_mday)) {
        return false;
    }
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    *out = tm;
    return is_date(&tm);
}

/* Second 60 is a leap second, the first of the next minute. */
static bool take_clock(const char **at, struct tm *tm, int64_t *out_ns) {
    if (!take_digits(at, 2, &tm->tm_hour) || !take(at, ':') || !take_digits(at, 2, &tm->tm_min)) {
        return false;
    }
    if (take(at, ':')) {
        if (!take_digits(at, 2, &tm->tm_sec)) {
            return false;
        }
        if (take(at, '.') && !take_fraction(at, out_ns)) {
            return false;
        }
    }
    return tm->tm_hour <= 23 && tm->tm_min <= 59 && tm->tm_sec <= 60;
}

/* Z, +hh, +hhmm or +hh:mm; none is UTC. */
static bool take_zone(const char **at, int64_t *out_offset_s) {
    int hours = 0;
    int minutes = 0;
    *out_offset_s = 0;
    if (take(at, 'Z') || take(at, 'z') || (**at != '+' && **at != '-')) {
        return true;
    }
    const int sign = *(*at)++ == '-' ? -1 : 1;
    if (!take_digits(at, 2, &hours)) {
        return false;
    }
    const bool colon = take(at, ':');
    if ((colon || isdigit((unsigned char)**at)) && !take_digits(at, 2, &minutes)) {
        return false;
    }
    *out_offset_s = sign * (hours * INT64_C(3600) + minutes * INT64_C(60));
    return hours <= 23 && minutes <= 59;
}

static bool combine(int64_t s, int64_t ns, int64_t *out_ns) {
    if (s < 0 || s >= SECONDS_MAX || (s == 0 && ns == 0)) {
        return false;
    }
    *out_ns = s * CLOCK_NS_PER_S + ns;
    return true;
}

static bool parse_iso(const char *at, int64_t *out_ns) {
    struct tm tm;
    int64_t ns = 0;
    int64_t offset_s = 0;
    if (!take_date(&at, &tm)) {
        return false;
    }
    if (*at == 'T' || *at == 't' || (*at == ' ' && isdigit((unsigned char)at[1]))) {
        at++;
        if (!take_clock(&at, &tm, &ns)) {
            return false;
        }
        at = skip_blanks(at);
        if (!take_zone(&at, &offset_s)) {
            return false;
        }
    }
    return *skip_blanks(at) == '\0' && combine(timegm(&tm) - offset_s, ns, out_ns);
}

/* Digit by digit: a double would lose microseconds. */
static bool parse_decimal(const char *at, int64_t *out_ns) {
    int64_t s = 0;
    int64_t ns = 0;
    const char *begin = at;
    for (; isdigit((unsigned char)*at); at++) {
        s = s <= SECONDS_MAX ? s * 10 + (*at - '0') : s;
    }
    if (at == begin || (take(&at, '.') && *skip_blanks(at) != '\0' && !take_fraction(&at, &ns))) {
        return false;
    }
    return *skip_blanks(at) == '\0' && combine(s, ns, out_ns);
}

bool instant_parse(const char *text, int64_t *out_ns) {
    double seconds = 0;
    text = skip_blanks(text);
    return parse_iso(text, out_ns) || parse_decimal(text, out_ns) ||
           (strpbrk(text, "eE") != NULL && instant_number(text, &seconds) &&
            instant_of_seconds(seconds, out_ns));
}

bool instant_of_seconds(double seconds, int64_t *out_ns) {
    if (!(seconds > 0 && seconds < (double)SECONDS_MAX)) {
        return false;
    }
    const double whole = floor(seconds);
    return combine((int64_t)whole, (int64_t)((seconds - whole) * (double)CLOCK_NS_PER_S), out_ns);
}

bool instant_number(const char *text, double *out) {
    char *end = NULL;
    text = skip_blanks(text);
    const double value = strtod(text, &end);
    if (end == text || *skip_blanks(end) != '\0') {
        return false;
    }
    *out = value;
    return true;
}
