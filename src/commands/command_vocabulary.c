/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands/command_vocabulary.h"

#include "base/mem.h"

#define CATEGORIES_MAX 32

struct vocabulary {
    struct access_vocabulary told;
    const char *categories[CATEGORIES_MAX];
    struct access_command commands[]; /* as many as there are */
};

static size_t find(const void *ctx, struct bytes name)
{
    const struct command *c = command_by_name(ctx, name);
    return c != NULL ? c->index : ACCESS_NO_COMMAND;
}

static size_t subcommand_count(const struct command_table *t, const struct command *c)
{
    size_t count = 0;
    while (c->index + 1 + count < command_table_count(t) &&
           command_at(t, c->index + 1 + count)->parent == c)
        count++;
    return count;
}

struct access_vocabulary *command_vocabulary_create(const struct command_table *t)
{
    size_t count = command_table_count(t);
    struct vocabulary *v = mem_zalloc(1, sizeof(*v) + count * sizeof(v->commands[0]));
    ASSERT(count <= ACCESS_COMMANDS_MAX);
    for (size_t i = 0; i < count; i++) {
        const struct command *c = command_at(t, i);
        v->commands[i] = (struct access_command){
            .name = c->name,
            .categories = c->categories,
            .subcommand_count = subcommand_count(t, c),
            .is_subcommand = c->parent != NULL,
            .for_everyone = (c->flags & CMD_NO_AUTH) != 0,
        };
    }
    size_t categories = 0;
    while (command_category_word(categories) != NULL) {
        ASSERT(categories < CATEGORIES_MAX);
        v->categories[categories] = command_category_word(categories) + 1; /* behind the '@' */
        categories++;
    }
    v->told = (struct access_vocabulary){
        .commands = v->commands,
        .command_count = count,
        .categories = v->categories,
        .category_count = categories,
        .find = find,
        .ctx = t,
    };
    return &v->told;
}

void command_vocabulary_destroy(struct access_vocabulary *v)
{
    mem_free(CONTAINER_OF(v, struct vocabulary, told));
}
