/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of commands, made once from commands.def, and finding a command by what was typed. */
#include "commands/command.h"
#include "commands/handlers.h"

#include "base/check.h"
#include "base/chunk.h"
#include "base/lexicon.h"
#include "base/mem.h"

#define NAME_BYTES_MAX 64 /* of the longest "container|sub-command" */

/* What was typed last, as it was typed, if it was a command of at most 16 bytes without sub-commands. */
struct last_typed {
    uint64_t begin, end; /* its first and last eight bytes; one of fewer is all in `begin` */
    size_t len;          /* 0: nothing */
    const struct command *command;
};

struct command_table {
    struct command *items; /* owned */
    size_t count;
    struct command_stats *stats; /* owned, one per item */
    struct lexicon by_name;      /* the numbers are those of the items */
    struct last_typed *last;     /* owned */
};

/* clang-format off */
static const struct command definitions[] = {
#define COMMAND(name_, run_, arity_, flags_, categories_, keys_, group_, since_, syntax_, summary_) \
    {.name = name_, .run = run_, .arity = arity_, .flags = flags_, .categories = categories_,      \
     .keys = keys_, .syntax = syntax_, .summary = summary_, .since = since_, .group = group_},
#define CONTAINER(name_, flags_, categories_, group_, since_, summary_)                            \
    {.name = name_, .arity = -2, .flags = flags_, .categories = categories_, .keys = "",           \
     .syntax = "", .summary = summary_, .since = since_, .group = group_},
#include "commands/commands.def"
#undef COMMAND
#undef CONTAINER
};
/* clang-format on */

/* The parent of "client|list" stands before it in the table. */
static void find_parent(struct command_table *t, struct command *c)
{
    const char *bar = strchr(c->name, '|');
    c->word = bar != NULL ? bar + 1 : c->name;
    if (bar == NULL)
        return;
    size_t parent = lexicon_find(&t->by_name, bytes_of(c->name, (size_t)(bar - c->name)));
    ASSERT(parent < c->index);
    c->parent = &t->items[parent];
    t->items[parent].has_subcommands = true;
}

static void index_names(struct command_table *t)
{
    const char *names[COUNT_OF(definitions)];
    for (size_t i = 0; i < t->count; i++)
        names[i] = t->items[i].name;
    lexicon_init(&t->by_name, names, t->count);
}

struct command_table *command_table_create(void)
{
    struct command_table *t = mem_zalloc(1, sizeof(*t));
    t->count = COUNT_OF(definitions);
    t->items = mem_alloc(sizeof(definitions));
    memcpy(t->items, definitions, sizeof(definitions));
    t->stats = mem_zalloc(t->count, sizeof(*t->stats));
    t->last = mem_zalloc(1, sizeof(*t->last));
    index_names(t);
    for (size_t i = 0; i < t->count; i++) {
        struct command *c = &t->items[i];
        c->index = i;
        find_parent(t, c);
        command_read_key_specs(c);
        ASSERT(strlen(c->name) <= NAME_BYTES_MAX);
    }
    return t;
}

void command_table_destroy(struct command_table *t)
{
    command_stats_reset(t);
    lexicon_deinit(&t->by_name);
    mem_free(t->last);
    mem_free(t->items);
    mem_free(t->stats);
    mem_free(t);
}

size_t command_table_count(const struct command_table *t)
{
    return t->count;
}

const struct command *command_at(const struct command_table *t, size_t index)
{
    ASSERT(index < t->count);
    return &t->items[index];
}

struct command_stats *command_stats(struct command_table *t, const struct command *c)
{
    return &t->stats[c->index];
}

void command_stats_reset(struct command_table *t)
{
    for (size_t i = 0; i < t->count; i++) {
        if (t->stats[i].latency != NULL)
            histogram_deinit(t->stats[i].latency);
        mem_free(t->stats[i].latency);
        t->stats[i] = (struct command_stats){0};
    }
}

const struct command *command_by_name(const struct command_table *t, struct bytes name)
{
    size_t i = lexicon_find(&t->by_name, name);
    return i != LEXICON_NOT_FOUND ? &t->items[i] : NULL;
}

/* The sub-command that `word` names; NULL. */
OUT_OF_LINE static const struct command *subcommand(const struct command_table *t,
                                                    const struct command *c, struct bytes word)
{
    char text[NAME_BYTES_MAX];
    size_t len = strlen(c->name);
    if (len + 1 + word.len > sizeof(text))
        return NULL;
    memcpy(text, c->name, len);
    text[len] = '|';
    memcpy(text + len + 1, word.data, word.len);
    return command_by_name(t, bytes_of(text, len + 1 + word.len));
}

static inline struct last_typed typed(struct bytes word)
{
    if (word.len < CHUNK_BYTES)
        return (struct last_typed){.begin = chunk_load(word.data, word.len), .len = word.len};
    return (struct last_typed){.begin = chunk_part(word.data, CHUNK_BYTES),
                               .end = chunk_part(word.data + word.len - CHUNK_BYTES, CHUNK_BYTES),
                               .len = word.len};
}

OUT_OF_LINE static const struct command *find(const struct command_table *t, int argc,
                                              const struct bytes *argv,
                                              const struct command **container)
{
    const struct command *c = command_by_name(t, argv[0]);
    if (c == NULL || c->parent != NULL)
        return NULL; /* "client|list" as one word is not a command */
    if (!c->has_subcommands && argv[0].len <= 2 * CHUNK_BYTES) {
        *t->last = typed(argv[0]);
        t->last->command = c;
    }
    if (!c->has_subcommands || argc == 1)
        return c;
    const struct command *sub = subcommand(t, c, argv[1]);
    if (sub == NULL && container != NULL)
        *container = c;
    return sub;
}

/* The same one often comes many times in a row. */
const struct command *command_find(const struct command_table *t, int argc,
                                   const struct bytes *argv, const struct command **container)
{
    struct last_typed now = typed(argv[0]);
    const struct last_typed *last = t->last;
    if (container != NULL)
        *container = NULL;
    if (LIKELY(now.len == last->len && now.begin == last->begin && now.end == last->end) &&
        now.len > 0)
        return last->command;
    return find(t, argc, argv, container);
}

/* --- words ---------------------------------------------------------------------------------- */

struct bit_word {
    unsigned bit;
    const char *word;
};

static const struct bit_word flag_words[] = {
    {CMD_WRITE, "write"},
    {CMD_READONLY, "readonly"},
    {CMD_FAST, "fast"},
    {CMD_BLOCKING, "blocking"},
    {CMD_PUBSUB, "pubsub"},
    {CMD_ADMIN, "admin"},
    {CMD_NO_AUTH, "no_auth"},
    {CMD_NO_MULTI, "no_multi"},
    {CMD_LOADING, "loading"},
    {CMD_STALE, "stale"},
    {CMD_NOSCRIPT, "noscript"},
    {CMD_MOVABLE_KEYS, "movablekeys"},
    {CMD_SKIP_SLOWLOG, "skip_slowlog"},
};

/* In the order of their bits. */
static const char *const category_words[] = {
    "@keyspace",  "@read",     "@write",     "@set",        "@sortedset",
    "@list",      "@hash",     "@string",    "@bitmap",     "@hyperloglog",
    "@geo",       "@stream",   "@pubsub",    "@admin",      "@fast",
    "@slow",      "@blocking", "@dangerous", "@connection", "@transaction",
    "@scripting", "@echo",     "@log",       "@group",      "@topic",
};

static void each_word(const struct bit_word *words, size_t count, unsigned bits,
                      void (*fn)(void *ctx, const char *word), void *ctx)
{
    for (size_t i = 0; i < count; i++)
        if (bits & words[i].bit)
            fn(ctx, words[i].word);
}

void command_each_flag(const struct command *c, void (*fn)(void *ctx, const char *word), void *ctx)
{
    each_word(flag_words, COUNT_OF(flag_words), c->flags, fn, ctx);
}

void command_each_category(const struct command *c, void (*fn)(void *ctx, const char *word),
                           void *ctx)
{
    for (size_t i = 0; i < COUNT_OF(category_words); i++)
        if (c->categories >> i & 1)
            fn(ctx, category_words[i]);
}

const char *command_category_word(size_t i)
{
    return i < COUNT_OF(category_words) ? category_words[i] : NULL;
}

unsigned command_category(struct bytes word)
{
    for (size_t i = 0; i < COUNT_OF(category_words); i++)
        if (bytes_is(word, category_words[i] + 1))
            return 1u << i;
    return 0;
}
