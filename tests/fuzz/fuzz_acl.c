/* SPDX-License-Identifier: BSD-3-Clause */
/* Fuzzes rules of access: the input as the rules of one user, and as a file of users. A rule that is refused changes nothing,
 * and what is told of users makes the same users again. */
#include "access/rules.h"
#include "access/users.h"
#include "base/check.h"
#include "base/mem.h"
#include "commands/command_vocabulary.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct subject {
    struct command_table *table;
    struct access_vocabulary *words;
};

static void describe(const struct user *u, struct buf *text)
{
    buf_clear(text);
    user_describe(u, text);
}

static size_t split(struct bytes text, struct bytes *to)
{
    size_t count = 0;
    while (text.len > 0) {
        const char *end = memchr(text.data, ' ', text.len);
        size_t len = end == NULL ? text.len : (size_t)(end - text.data);
        to[count++] = bytes_of(text.data, len);
        len += end != NULL;
        text = bytes_of(text.data + len, text.len - len);
    }
    return count;
}

/* False when the rules were not all good. */
static bool apply(struct user *u, struct bytes text)
{
    struct bytes *items = mem_alloc((text.len + 1) * sizeof(*items));
    struct buf before = {0}, after = {0};
    struct rules rules = {0};
    size_t unclosed;
    bool good = rules_join(items, split(text, items), &rules, &unclosed) == ERR_OK;
    for (size_t i = 0; good && i < rules.count; i++) {
        describe(u, &before);
        if (user_apply(u, rules.items[i]) == RULE_OK)
            continue;
        describe(u, &after);
        ASSERT(bytes_equal(buf_bytes(&before), buf_bytes(&after)));
        good = false;
    }
    rules_free(&rules);
    buf_deinit(&before);
    buf_deinit(&after);
    mem_free(items);
    return good;
}

static void as_rules(const struct subject *s, struct bytes text)
{
    struct user *u = user_create(BYTES_LITERAL("u"), s->words, false);
    struct user *again = user_create(BYTES_LITERAL("u"), s->words, false);
    struct buf told = {0}, told_again = {0};
    (void)apply(u, text);
    describe(u, &told);
    size_t skip = strlen("user u ");
    bool good = apply(again, bytes_of(told.data + skip, told.len - skip));
    ASSERT(good);
    describe(again, &told_again);
    ASSERT(bytes_equal(buf_bytes(&told), buf_bytes(&told_again)));
    ASSERT(u->unrestricted || !again->unrestricted || u->selectors[0].future_commands);
    buf_deinit(&told);
    buf_deinit(&told_again);
    user_destroy(u);
    user_destroy(again);
}

static struct users *read_users(const struct subject *s, struct bytes text)
{
    struct users *us = users_create(s->words);
    struct buf errors = {0};
    enum err err = users_read(us, "f", text, &errors);
    ASSERT((err == ERR_OK) == (errors.len == 0));
    buf_deinit(&errors);
    if (err == ERR_OK)
        return us;
    users_destroy(us);
    return NULL;
}

static void as_file(const struct subject *s, struct bytes text)
{
    struct users *us = read_users(s, text);
    struct buf told = {0}, told_again = {0};
    if (us == NULL)
        return;
    users_write(us, &told);
    struct users *again = read_users(s, buf_bytes(&told));
    ASSERT(again != NULL);
    users_write(again, &told_again);
    ASSERT(bytes_equal(buf_bytes(&told), buf_bytes(&told_again)));
    users_destroy(us);
    users_destroy(again);
    buf_deinit(&told);
    buf_deinit(&told_again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct subject s = {0};
    s.table = command_table_create();
    s.words = command_vocabulary_create(s.table);
    as_rules(&s, bytes_of(data, len));
    as_file(&s, bytes_of(data, len));
    command_vocabulary_destroy(s.words);
    command_table_destroy(s.table);
    return 0;
}
