/* SPDX-License-Identifier: BSD-3-Clause */
/* Every directive in a running server: what it tells, and what it takes while it runs. */
#include "server/harness.h"
#include "support/directive_rows.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct directive_row *row_of(const char *name)
{
    for (size_t i = 0; i < directive_row_count; i++)
        if (strcmp(directive_rows[i].name, name) == 0)
            return &directive_rows[i];
    return NULL;
}

static char *get(redisContext *c, const char *name)
{
    redisReply *reply = redisCommand(c, "CONFIG GET %s", name);
    cr_assert_eq(reply->type, REDIS_REPLY_ARRAY);
    cr_assert_eq(reply->elements, 2, "%s", name);
    char *value = strdup(reply->element[1]->str);
    freeReplyObject(reply);
    return value;
}

/* Sets it, looks, and sets it back. */
static void try_to_set(redisContext *c, const struct directive_row *row, const char *before)
{
    char *said = client_ask(c, "CONFIG SET %s %s", row->name, row->value);
    char *after = get(c, row->name);
    if (strcmp(said, "+OK") == 0) {
        cr_expect_str_eq(after, row->shown != NULL ? row->shown : row->value, "%s", row->name);
        expect_equal(client_ask(c, "CONFIG SET %s %s", row->name, before), "+OK", __LINE__);
    } else {
        cr_expect_not_null(strstr(said, "can't set immutable config"), "%s: %s", row->name, said);
        cr_expect_str_eq(after, before, "%s", row->name);
    }
    free(said);
    free(after);
}

Test(every_directive, is_told_and_set_or_fixed)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    redisReply *all = redisCommand(c, "CONFIG GET *");
    cr_assert_eq(all->type, REDIS_REPLY_ARRAY);
    cr_assert_gt(all->elements, 40);
    for (size_t i = 0; i < all->elements; i += 2) {
        const struct directive_row *row = row_of(all->element[i]->str);
        cr_assert_not_null(row, "'%s' has no row", all->element[i]->str);
        cr_expect_eq(row->flags & ROW_HIDDEN, 0, "%s", row->name);
        if ((row->flags & ROW_MACHINE) == 0)
            try_to_set(c, row, all->element[i + 1]->str);
    }
    freeReplyObject(all);
    redisFree(c);
    server_end(&s);
}
