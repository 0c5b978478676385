/* SPDX-License-Identifier: BSD-3-Clause */
/* Comparisons of borrowed bytes. */
#include "base/bytes.h"

static bool equal_nocase(const char *a, const char *b, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (byte_lower(a[i]) != byte_lower(b[i]))
            return false;
    }
    return true;
}

int bytes_compare(struct bytes a, struct bytes b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len == 0 ? 0 : memcmp(a.data, b.data, len);

    if (order != 0)
        return order;
    return (a.len > b.len) - (a.len < b.len);
}

bool bytes_equal_nocase(struct bytes a, struct bytes b)
{
    return a.len == b.len && equal_nocase(a.data, b.data, a.len);
}
