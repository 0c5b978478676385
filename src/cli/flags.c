/* SPDX-License-Identifier: BSD-3-Clause */
/* The option reader. */
#include "cli/flags.h"
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

static bool flag_take_value(const struct flag *flag, const char *value, char *why)
{
    int64_t number;

    if (flag->text != NULL) {
        *flag->text = value;
        return true;
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
