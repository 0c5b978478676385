/* SPDX-License-Identifier: BSD-3-Clause */
/* The option reader. */
#include "base/flags.h"
#include "base/bytes.h"
#include "base/nearest.h"
#include "base/num.h"
#include <stdio.h>

static const struct flag *flag_find(const struct flag *flags, size_t count, struct bytes name)
{
    for (size_t i = 0; i < count; i++)
        if (bytes_equal(bytes_of_string(flags[i].name), name))
            return &flags[i];
    return NULL;
}

static bool flag_unknown(const struct flag *flags, size_t count, struct bytes name, char *why)
{
    struct nearest nearest;

    nearest_init(&nearest, name);
    for (size_t i = 0; i < count; i++)
        nearest_offer(&nearest, flags[i].name);
    int len = snprintf(why, FLAGS_WHY_BYTES, "unknown option '%.*s'", (int)name.len, name.data);
    if (nearest.best != NULL && len < FLAGS_WHY_BYTES)
        snprintf(why + len, (size_t)(FLAGS_WHY_BYTES - len), "; did you mean '%s'?", nearest.best);
    return false;
}

/* Seconds as "2" or "0.25"; at most a day of them. */
static bool flag_parse_seconds(const char *text, int64_t *micros)
{
    struct bytes whole = bytes_of(text, strcspn(text, "."));
    const char *digit = text[whole.len] == '.' ? text + whole.len + 1 : "";
    int64_t seconds = 0, unit = 1000000, part = 0;

    if ((whole.len > 0 || digit[0] == '\0') && !num_parse_i64(whole, &seconds))
        return false;
    if (text[whole.len] == '.' && digit[0] == '\0')
        return false;
    for (; *digit >= '0' && *digit <= '9'; digit++) {
        unit /= 10;
        part += unit * (*digit - '0');
    }
    if (*digit != '\0' || seconds < 0 || seconds > FLAGS_SECONDS_MAX)
        return false;
    *micros = seconds * 1000000 + part;
    return true;
}

static bool flag_take_list(const struct flag *flag, const char *value, char *why)
{
    if (flag->list->count == FLAGS_LIST_MAX) {
        snprintf(why, FLAGS_WHY_BYTES, "%s: more than %d are too many", flag->name, FLAGS_LIST_MAX);
        return false;
    }
    flag->list->items[flag->list->count++] = value;
    return true;
}

static bool flag_take_value(const struct flag *flag, const char *value, char *why)
{
    int64_t number;

    if (flag->text != NULL) {
        *flag->text = value;
        return true;
    }
    if (flag->list != NULL)
        return flag_take_list(flag, value, why);
    if (flag->micros != NULL) {
        if (flag_parse_seconds(value, flag->micros))
            return true;
        snprintf(why, FLAGS_WHY_BYTES, "%s takes seconds, such as 2 or 0.5, not '%s'", flag->name,
                 value);
        return false;
    }
    if (!num_parse_i64(bytes_of_string(value), &number) || number < flag->number_min ||
        number > flag->number_max) {
        snprintf(why, FLAGS_WHY_BYTES, "%s takes a number from %lld to %lld, not '%s'", flag->name,
                 (long long)flag->number_min, (long long)flag->number_max, value);
        return false;
    }
    *flag->number = number;
    return true;
}

/* Takes the option at argv[*at], with its value, and moves *at behind them. */
static bool flag_take(const struct flag *flags, size_t count, int argc, char *const *argv, int *at,
                      char *why)
{
    const char *word = argv[(*at)++];
    const char *equals = bytes_starts_with(bytes_of_string(word), "--") ? strchr(word, '=') : NULL;
    struct bytes name = bytes_of(word, equals == NULL ? strlen(word) : (size_t)(equals - word));
    const struct flag *flag = flag_find(flags, count, name);

    if (flag == NULL)
        return flag_unknown(flags, count, name, why);
    if (flag->set != NULL) {
        if (equals != NULL) {
            snprintf(why, FLAGS_WHY_BYTES, "%s takes no value", flag->name);
            return false;
        }
        *flag->set = true;
        return true;
    }
    if (equals != NULL)
        return flag_take_value(flag, equals + 1, why);
    if (*at == argc) {
        snprintf(why, FLAGS_WHY_BYTES, "%s needs a value", flag->name);
        return false;
    }
    return flag_take_value(flag, argv[(*at)++], why);
}

bool flags_parse(const struct flag *flags, size_t count, int argc, char *const *argv, int *used,
                 char why[FLAGS_WHY_BYTES])
{
    int at = 0;

    while (at < argc && argv[at][0] == '-' && argv[at][1] != '\0') {
        if (strcmp(argv[at], "--") == 0) {
            at++;
            break;
        }
        if (!flag_take(flags, count, argc, argv, &at, why))
            return false;
    }
    *used = at;
    return true;
}
