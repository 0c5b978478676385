/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/produce_line.h"
#include "cli/lines.h"

static struct bytes null_or(const struct produce_layout *layout, struct bytes part)
{
    bool is_null =
        layout->null_marker != NULL && bytes_equal(part, bytes_of_string(layout->null_marker));

    return is_null ? BYTES_NULL : part;
}

static bool parse_headers(struct produce_line *l, struct bytes text,
                          const struct produce_layout *layout, const char **why)
{
    struct bytes header, rest = text;
    bool more = text.len > 0;

    if (bytes_is_null(null_or(layout, text)))
        return true;
    while (more) {
        more = line_split(rest, bytes_of_string(layout->headers_separator), &header, &rest);
        if (!more)
            header = rest;
        if (l->header_count == PRODUCE_HEADERS_MAX) {
            *why = "too many headers";
            return false;
        }
        if (!line_split(header, bytes_of_string(layout->headers_key_separator),
                        &l->names[l->header_count], &l->values[l->header_count])) {
            *why = "a header has no value";
            return false;
        }
        l->header_count++;
    }
    return true;
}

bool produce_line_parse(struct produce_line *l, struct bytes line,
                        const struct produce_layout *layout, const char **why)
{
    struct bytes part, rest = line;

    l->header_count = 0;
    l->key = BYTES_NULL;
    if (layout->headers) {
        if (!line_split(rest, bytes_of_string(layout->headers_delimiter), &part, &rest)) {
            *why = "what ends the headers is missing";
            return false;
        }
        if (!parse_headers(l, part, layout, why))
            return false;
    }
    if (layout->key) {
        if (!line_split(rest, bytes_of_string(layout->key_separator), &part, &rest)) {
            *why = "the key separator is missing";
            return false;
        }
        l->key = null_or(layout, part);
    }
    l->value = null_or(layout, rest);
    if (bytes_is_null(l->value) && bytes_is_null(l->key)) {
        *why = "a record without a value needs a key";
        return false;
    }
    return true;
}
