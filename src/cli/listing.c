/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/listing.h"
#include "base/mem.h"

static struct reply *add_item(struct reply *to, enum reply_kind kind)
{
    to->items = mem_realloc(to->items, (to->count + 1) * sizeof(*to->items));
    to->items[to->count] = (struct reply){.kind = kind};
    return &to->items[to->count++];
}

static void add_text(struct reply *to, struct bytes text)
{
    char *copy = mem_alloc(text.len + 1);

    if (text.len > 0)
        memcpy(copy, text.data, text.len);
    add_item(to, REPLY_BULK)->text = bytes_of(copy, text.len);
}

struct reply *listing_create(void)
{
    struct reply *listing = mem_zalloc(1, sizeof(*listing));

    listing->kind = REPLY_ARRAY;
    return listing;
}

struct reply *listing_row(struct reply *listing)
{
    return add_item(listing, REPLY_MAP);
}

void listing_text(struct reply *row, const char *name, struct bytes text)
{
    add_text(row, bytes_of_string(name));
    add_text(row, text);
}

void listing_number(struct reply *row, const char *name, int64_t number)
{
    add_text(row, bytes_of_string(name));
    add_item(row, REPLY_INT)->integer = number;
}

void listing_null(struct reply *row, const char *name)
{
    add_text(row, bytes_of_string(name));
    add_item(row, REPLY_NULL);
}
