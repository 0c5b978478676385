/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/moment.h"
#include "base/num.h"
#include <time.h>

#define SECOND_MS INT64_C(1000)
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)
#define AGO_MAX (100 * 366 * DAY_MS)

int64_t moment_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * SECOND_MS + now.tv_nsec / 1000000;
}

/* PnDTnHnMnS: each part may be left out, but one has to be there, and one behind T. */
static bool parse_period(const char *text, int64_t *ms)
{
    static const struct {
        char name;
        bool of_day; /* stands behind the T */
        int64_t ms;
    } units[] = {
        {'D', false, DAY_MS}, {'H', true, HOUR_MS}, {'M', true, MINUTE_MS}, {'S', true, SECOND_MS}};
    const char *at = text + 1;
    bool in_day = false, given = false;

    *ms = 0;
    if (*text != 'P')
        return false;
    for (size_t i = 0; i < COUNT_OF(units); i++) {
        size_t len;
        int64_t count;

        if (!in_day && *at == 'T') {
            in_day = true;
            given = false;
            at++;
        }
        len = strspn(at, "0123456789");
        if (len == 0 || at[len] != units[i].name || in_day != units[i].of_day)
            continue;
        if (!num_parse_i64(bytes_of(at, len), &count) || count > AGO_MAX / units[i].ms)
            return false;
        *ms += count * units[i].ms;
        at += len + 1;
        given = true;
    }
    return given && *at == '\0';
}

bool moment_parse_ago(const char *text, int64_t now_ms, int64_t *ms)
{
    static const struct {
        char name;
        int64_t ms;
    } units[] = {{'s', SECOND_MS}, {'m', MINUTE_MS}, {'h', HOUR_MS}, {'d', DAY_MS}};
    size_t len = strlen(text);
    int64_t count, period_ms;

    if (parse_period(text, &period_ms)) {
        *ms = now_ms - period_ms;
        return true;
    }
    if (len < 2 || !num_parse_i64(bytes_of(text, len - 1), &count) || count < 0)
        return false;
    for (size_t i = 0; i < COUNT_OF(units); i++) {
        if (text[len - 1] == units[i].name && count <= AGO_MAX / units[i].ms) {
            *ms = now_ms - count * units[i].ms;
            return true;
        }
    }
    return false;
}

/* Exactly `digits` digits, up to `max`; moves behind them. */
static bool take_number(const char **at, int digits, int max, int *number)
{
    *number = 0;
    for (int i = 0; i < digits; i++, (*at)++) {
        if (**at < '0' || **at > '9')
            return false;
        *number = *number * 10 + (**at - '0');
    }
    return *number <= max;
}

static bool take_char(const char **at, char c)
{
    if (**at != c)
        return false;
    (*at)++;
    return true;
}

/* ".5", ".250"; nothing is no fraction. */
static bool take_fraction(const char **at, int *ms)
{
    int unit = 100;

    *ms = 0;
    if (!take_char(at, '.') && !take_char(at, ','))
        return true;
    if (**at < '0' || **at > '9')
        return false;
    for (; **at >= '0' && **at <= '9'; (*at)++, unit /= 10)
        *ms += unit * (**at - '0');
    return true;
}

/* "Z", "+02:00", "-0530", or nothing. */
static bool take_zone(const char **at, int64_t *ahead_ms)
{
    int hours, minutes;
    bool behind = **at == '-';

    *ahead_ms = 0;
    if (**at == '\0' || take_char(at, 'Z'))
        return true;
    if (!take_char(at, '+') && !take_char(at, '-'))
        return false;
    if (!take_number(at, 2, 14, &hours))
        return false;
    (void)take_char(at, ':');
    if (!take_number(at, 2, 59, &minutes))
        return false;
    *ahead_ms = (behind ? -1 : 1) * (hours * HOUR_MS + minutes * MINUTE_MS);
    return true;
}

static bool take_date(const char **at, struct tm *tm)
{
    if (!take_number(at, 4, 9999, &tm->tm_year) || !take_char(at, '-') ||
        !take_number(at, 2, 12, &tm->tm_mon) || !take_char(at, '-') ||
        !take_number(at, 2, 31, &tm->tm_mday))
        return false;
    tm->tm_year -= 1900;
    tm->tm_mon -= 1;
    return tm->tm_mon >= 0 && tm->tm_mday > 0;
}

static bool take_clock(const char **at, struct tm *tm, int *ms)
{
    if (!take_number(at, 2, 23, &tm->tm_hour) || !take_char(at, ':') ||
        !take_number(at, 2, 59, &tm->tm_min))
        return false;
    return !take_char(at, ':') || (take_number(at, 2, 59, &tm->tm_sec) && take_fraction(at, ms));
}

static bool parse_date(const char *text, int64_t *ms)
{
    const char *at = text;
    struct tm tm = {0};
    int64_t ahead_ms = 0;
    int fraction_ms = 0;

    if (!take_date(&at, &tm))
        return false;
    if ((take_char(&at, 'T') || take_char(&at, ' ')) &&
        !(take_clock(&at, &tm, &fraction_ms) && take_zone(&at, &ahead_ms)))
        return false;
    int day = tm.tm_mday;
    time_t seconds = timegm(&tm); /* a day that the month has not is moved into the next */
    if (*at != '\0' || tm.tm_mday != day)
        return false;
    *ms = (int64_t)seconds * SECOND_MS + fraction_ms - ahead_ms;
    return true;
}

bool moment_parse(const char *text, int64_t now_ms, int64_t *ms)
{
    int64_t number;

    if (num_parse_i64(bytes_of_string(text), &number)) {
        if (number < 0)
            return false;
        *ms = number;
        return true;
    }
    return moment_parse_ago(text, now_ms, ms) || parse_date(text, ms);
}
