/* SPDX-License-Identifier: BSD-3-Clause */
/* The queue of a transaction: each command with a copy of its arguments in one block. */
#include "session/transaction.h"

#include "base/check.h"
#include "base/mem.h"

/* One allocation: the array of arguments, then their bytes. */
static struct bytes *copy_arguments(int argc, const struct bytes *argv, size_t *bytes)
{
    size_t total = 0;
    for (int i = 0; i < argc; i++)
        total += argv[i].len;
    struct bytes *copy = mem_alloc((size_t)argc * sizeof(*copy) + total);
    char *place = (char *)(copy + argc);
    for (int i = 0; i < argc; i++) {
        if (argv[i].len > 0)
            memcpy(place, argv[i].data, argv[i].len);
        copy[i] = bytes_of(place, argv[i].len);
        place += argv[i].len;
    }
    *bytes = (size_t)argc * sizeof(*copy) + total;
    return copy;
}

void transaction_queue(struct transaction *t, const struct command *command, int argc,
                       const struct bytes *argv)
{
    ASSERT(t->open);
    ASSERT(t->count < TRANSACTION_COMMANDS_MAX);
    if (t->count == t->cap) {
        t->cap = t->cap == 0 ? 8 : t->cap * 2;
        t->items = mem_realloc(t->items, t->cap * sizeof(*t->items));
    }
    size_t bytes;
    struct bytes *copy = copy_arguments(argc, argv, &bytes);
    t->items[t->count++] =
        (struct transaction_item){.command = command, .argc = argc, .argv = copy};
    t->bytes += bytes;
}

void transaction_clear(struct transaction *t)
{
    for (size_t i = 0; i < t->count; i++)
        mem_free(t->items[i].argv);
    mem_free(t->items);
    *t = (struct transaction){0};
}
