/* SPDX-License-Identifier: BSD-3-Clause */
#include "access/rules.h"

#include "base/mem.h"

#include <stdbool.h>

static bool begins_selector(struct bytes word)
{
    return word.len > 0 && word.data[0] == '(' && word.data[word.len - 1] != ')';
}

static bool ends_selector(struct bytes word)
{
    return word.len > 0 && word.data[word.len - 1] == ')';
}

static size_t bytes_needed(const struct bytes *words, size_t count)
{
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++)
        bytes += words[i].len + 1; /* a blank where words are joined */
    return bytes;
}

enum err rules_join(const struct bytes *words, size_t count, struct rules *rules, size_t *unclosed)
{
    struct rules joined = {
        .items = mem_alloc(count * sizeof(*joined.items) + bytes_needed(words, count) + 1)};
    char *to = (char *)(joined.items + count);
    bool open = false;
    for (size_t i = 0; i < count; i++) {
        struct bytes *item = &joined.items[joined.count];
        if (open) {
            *to++ = ' ';
        } else {
            *item = bytes_of(to, 0);
            *unclosed = i;
        }
        if (words[i].len > 0)
            memcpy(to, words[i].data, words[i].len);
        to += words[i].len;
        item->len = (size_t)(to - item->data);
        open = open ? !ends_selector(words[i]) : begins_selector(words[i]);
        joined.count += !open;
    }
    if (open) {
        rules_free(&joined);
        return ERR_INVALID;
    }
    *rules = joined;
    return ERR_OK;
}

void rules_free(struct rules *rules)
{
    mem_free(rules->items);
    *rules = (struct rules){0};
}
