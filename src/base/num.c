/* SPDX-License-Identifier: BSD-3-Clause */
/* Numbers to text and back, without the C library's locale, blanks, signs and prefixes. */
#include "base/num.h"
#include "base/check.h"

bool num_parse_u64(struct bytes text, uint64_t *value)
{
    uint64_t sum = 0;

    if (text.len == 0 || (text.data[0] == '0' && text.len > 1))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        unsigned digit = (unsigned)(unsigned char)text.data[i] - '0';

        if (digit > 9 || __builtin_mul_overflow(sum, 10U, &sum) ||
            __builtin_add_overflow(sum, digit, &sum))
            return false;
    }
    *value = sum;
    return true;
}

bool num_parse_i64(struct bytes text, int64_t *value)
{
    bool negative = text.len > 0 && text.data[0] == '-';
    uint64_t size;

    if (!negative) {
        if (!num_parse_u64(text, &size) || size > INT64_MAX)
            return false;
        *value = (int64_t)size;
        return true;
    }
    if (!num_parse_u64(bytes_of(text.data + 1, text.len - 1), &size))
        return false;
    if (size == 0 || size > (uint64_t)INT64_MAX + 1)
        return false;
    *value = (int64_t)(0 - size);
    return true;
}

/* The factor of a unit, or 0 for a word that is none. */
static uint64_t unit_factor(struct bytes unit)
{
    static const struct {
        const char *name;
        uint64_t factor;
    } units[] = {
        {"", 1},        {"b", 1},        {"k", 1000},       {"kb", 1 << 10},
        {"m", 1000000}, {"mb", 1 << 20}, {"g", 1000000000}, {"gb", 1 << 30},
    };

    for (size_t i = 0; i < COUNT_OF(units); i++) {
        if (bytes_is(unit, units[i].name))
            return units[i].factor;
    }
    return 0;
}

bool num_parse_size(struct bytes text, int64_t *value)
{
    size_t digits = 0;
    uint64_t factor, size;

    while (digits < text.len && text.data[digits] >= '0' && text.data[digits] <= '9')
        digits++;
    if (!num_parse_u64(bytes_of(text.data, digits), &size))
        return false;
    factor = unit_factor(bytes_of(text.data + digits, text.len - digits));
    if (factor == 0 || __builtin_mul_overflow(size, factor, &size) || size > INT64_MAX)
        return false;
    *value = (int64_t)size;
    return true;
}

static size_t digits_in(uint64_t value)
{
    size_t count = 1;

    for (; value >= 10000; value /= 10000)
        count += 4;
    return count + (value >= 10) + (value >= 100) + (value >= 1000);
}

size_t num_format_u64(char *out, uint64_t value)
{
    static const char pairs[] = "00010203040506070809101112131415161718192021222324"
                                "25262728293031323334353637383940414243444546474849"
                                "50515253545556575859606162636465666768697071727374"
                                "75767778798081828384858687888990919293949596979899";
    size_t len = digits_in(value);
    char *p = out + len;

    for (; value >= 100; value /= 100) {
        p -= 2;
        memcpy(p, pairs + value % 100 * 2, 2);
    }
    if (value >= 10)
        memcpy(out, pairs + value * 2, 2);
    else
        *out = (char)('0' + value);
    return len;
}

size_t num_format_i64(char *out, int64_t value)
{
    if (value >= 0)
        return num_format_u64(out, (uint64_t)value);
    *out = '-';
    return 1 + num_format_u64(out + 1, 0 - (uint64_t)value);
}
