/* SPDX-License-Identifier: BSD-3-Clause */
#include "metrics/route.h"

#include <stdbool.h>

/* --- paths ---------------------------------------------------------------------------------- */

enum route route_of(struct bytes method, struct bytes path)
{
    if (!bytes_equal(method, BYTES_LITERAL("GET")) && !bytes_equal(method, BYTES_LITERAL("HEAD")))
        return ROUTE_METHOD_REFUSED;
    if (bytes_equal(path, BYTES_LITERAL("/metrics")))
        return ROUTE_METRICS;
    if (bytes_equal(path, BYTES_LITERAL("/healthz")))
        return ROUTE_HEALTHZ;
    if (bytes_equal(path, BYTES_LITERAL("/readyz")))
        return ROUTE_READYZ;
    return ROUTE_NOT_FOUND;
}

/* --- Accept --------------------------------------------------------------------------------- */

static struct bytes trim(struct bytes text)
{
    while (text.len > 0 && (text.data[0] == ' ' || text.data[0] == '\t'))
        text = bytes_of(text.data + 1, text.len - 1);
    while (text.len > 0 && (text.data[text.len - 1] == ' ' || text.data[text.len - 1] == '\t'))
        text.len--;
    return text;
}

/* Takes what is before the next `separator` off the front; false at the end. */
static bool next_part(struct bytes *rest, char separator, struct bytes *part)
{
    if (bytes_is_null(*rest))
        return false;
    const char *end = rest->len == 0 ? NULL : memchr(rest->data, separator, rest->len);
    size_t len = end == NULL ? rest->len : (size_t)(end - rest->data);
    *part = trim(bytes_of(rest->data, len));
    *rest = end == NULL ? BYTES_NULL : bytes_of(end + 1, rest->len - len - 1);
    return true;
}

/* A quality in thousandths; what is no quality counts as none, 1000. */
static int quality(struct bytes text)
{
    if (text.len == 0 || text.len > 5 || (text.data[0] != '0' && text.data[0] != '1'))
        return 1000;
    int value = (text.data[0] - '0') * 1000, place = 100;
    for (size_t i = 2; i < text.len; i++, place /= 10) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return 1000;
        value += (text.data[i] - '0') * place;
    }
    return value < 1000 ? value : 1000;
}

struct wish {
    struct bytes type;
    int quality;
    bool known; /* its version, if it names one, is one we have */
};

/* One part of the header: "application/openmetrics-text;version=1.0.0;q=0.75". */
static void read_wish(struct bytes text, struct wish *w)
{
    struct bytes version = BYTES_NULL, part;
    next_part(&text, ';', &w->type);
    w->quality = 1000;
    while (next_part(&text, ';', &part)) {
        if (bytes_starts_with(part, "q="))
            w->quality = quality(bytes_of(part.data + 2, part.len - 2));
        else if (bytes_starts_with(part, "version="))
            version = bytes_of(part.data + 8, part.len - 8);
    }
    bool openmetrics = bytes_is(w->type, "application/openmetrics-text");
    w->known = bytes_is_null(version) || bytes_is(version, openmetrics ? "1.0.0" : "0.0.4");
}

enum exposition_format route_format(struct bytes accept)
{
    int openmetrics = 0, text = 0;
    struct bytes part;
    while (next_part(&accept, ',', &part)) {
        struct wish w;
        read_wish(part, &w);
        if (!w.known)
            continue;
        if (bytes_is(w.type, "application/openmetrics-text") && w.quality > openmetrics)
            openmetrics = w.quality;
        else if (bytes_is(w.type, "text/plain") && w.quality > text)
            text = w.quality;
    }
    return openmetrics > 0 && openmetrics >= text ? EXPOSITION_OPENMETRICS : EXPOSITION_TEXT;
}
