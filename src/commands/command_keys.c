/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands/command_keys.h"

#include "commands/command.h"
#include "commands/handlers.h"

#include "base/num.h"

/* --- the notation --------------------------------------------------------------------------- */

struct flag_word {
    unsigned flag;
    const char *word;  /* in the notation */
    const char *shown; /* to clients; NULL: not at all */
};

static const struct flag_word flag_words[] = {
    {KEY_RO, "RO", "RO"},
    {KEY_RW, "RW", "RW"},
    {KEY_OW, "OW", "OW"},
    {KEY_RM, "RM", "RM"},
    {KEY_ACCESS, "ACCESS", "access"},
    {KEY_UPDATE, "UPDATE", "update"},
    {KEY_INSERT, "INSERT", "insert"},
    {KEY_DELETE, "DELETE", "delete"},
    {KEY_VARIABLE_FLAGS, "VARIABLE", "variable_flags"},
    {KEY_CHANNEL, "CHANNEL", NULL},
    {KEY_PATTERN, "PATTERN", NULL},
};

void key_each_flag(unsigned flags, void (*fn)(void *ctx, const char *word), void *ctx)
{
    for (size_t i = 0; i < COUNT_OF(flag_words); i++)
        if ((flags & flag_words[i].flag) && flag_words[i].shown != NULL)
            fn(ctx, flag_words[i].shown);
}

static unsigned flag_of(struct bytes word)
{
    for (size_t i = 0; i < COUNT_OF(flag_words); i++)
        if (bytes_equal(word, bytes_of_string(flag_words[i].word)))
            return flag_words[i].flag;
    return 0;
}

/* Takes what stands before the first of `ends`, or all of it, off the front of `text`. */
static struct bytes take(struct bytes *text, const char *ends)
{
    size_t len = 0;
    while (len < text->len && strchr(ends, text->data[len]) == NULL)
        len++;
    struct bytes taken = bytes_of(text->data, len);
    *text = bytes_of(text->data + len, text->len - len);
    return taken;
}

static void skip(struct bytes *text, const char *expected)
{
    ASSERT(bytes_starts_with(*text, expected));
    *text = bytes_of(text->data + strlen(expected), text->len - strlen(expected));
}

static int number_of(struct bytes digits)
{
    int64_t n = 0;
    bool is_number = num_parse_i64(digits, &n);
    ASSERT(is_number && n > 0 && n < 100);
    return (int)n;
}

/* "1", "2..", "3:TOPICS..", "1:FROM../3" */
static void read_place(struct key_spec *spec, struct bytes text)
{
    spec->first = number_of(take(&text, ":."));
    if (bytes_starts_with(text, ":")) {
        skip(&text, ":");
        spec->keyword = take(&text, ".");
    }
    if (text.len == 0)
        return;
    skip(&text, "..");
    spec->to_end = true;
    if (text.len == 0)
        return;
    skip(&text, "/");
    spec->step = number_of(text);
}

static void read_spec(struct key_spec *spec, struct bytes text)
{
    *spec = (struct key_spec){.keyword = BYTES_NULL, .step = 1};
    for (;;) {
        struct bytes word = take(&text, " ");
        unsigned flag = flag_of(word);
        if (flag == 0) {
            ASSERT(spec->flags != 0 && text.len == 0);
            if (!bytes_equal(word, BYTES_LITERAL("?")))
                read_place(spec, word);
            return;
        }
        spec->flags |= flag;
        skip(&text, " ");
    }
}

static bool is_plain(const struct key_spec *spec)
{
    return spec->first > 0 && bytes_is_null(spec->keyword);
}

/* The short form that older clients read: one range, which two places side by side are too. */
static void summarise(struct command *c)
{
    for (int i = 0; i < c->key_spec_count; i++) {
        const struct key_spec *spec = &c->key_specs[i];
        if (spec->flags & KEY_NO_KEY)
            continue;
        if (is_plain(spec) && c->first_key == 0) {
            c->first_key = spec->first;
            c->last_key = spec->to_end ? -1 : spec->first;
            c->key_step = spec->step;
        } else if (is_plain(spec) && c->last_key == spec->first - 1 && !spec->to_end) {
            c->last_key = spec->first;
        } else {
            c->flags |= CMD_MOVABLE_KEYS;
        }
    }
}

void command_read_key_specs(struct command *c)
{
    struct bytes text = bytes_of_string(c->keys);
    while (text.len > 0) {
        ASSERT(c->key_spec_count < KEY_SPECS_MAX);
        read_spec(&c->key_specs[c->key_spec_count++], take(&text, ","));
        if (text.len > 0)
            skip(&text, ", ");
    }
    summarise(c);
}

bool command_has_keys(const struct command *c)
{
    for (int i = 0; i < c->key_spec_count; i++)
        if (!(c->key_specs[i].flags & KEY_NO_KEY))
            return true;
    return false;
}

/* --- a call --------------------------------------------------------------------------------- */

/* The word before the first key; 0 when the keyword is not there. */
static int find_keyword(const struct key_spec *spec, int argc, const struct bytes *argv)
{
    for (int i = spec->first; i < argc; i++)
        if (bytes_equal_nocase(argv[i], spec->keyword))
            return i;
    return 0;
}

static bool walk(const struct key_spec *spec, unsigned flags, int argc, const struct bytes *argv,
                 command_key_fn *fn, void *ctx)
{
    int first = spec->first;
    if (!bytes_is_null(spec->keyword)) {
        int keyword = find_keyword(spec, argc, argv);
        first = keyword == 0 ? argc : keyword + 1;
    }
    int end = spec->to_end ? argc : first + 1;
    for (int i = first; i < end && i < argc; i += spec->step) {
        struct command_key key = {.word = i, .name = argv[i], .flags = flags};
        if (!fn(ctx, &key))
            return false;
    }
    return true;
}

/* FOLLOW topic[/partition] [KEY glob] [FROM position] [topic …] … */
static bool walk_followed(const struct key_spec *spec, int argc, const struct bytes *argv,
                          command_key_fn *fn, void *ctx)
{
    for (int at = 1; at < argc;) {
        struct command_key key = {.word = at, .name = argv[at], .flags = spec->flags};
        for (size_t i = key.name.len; i > 0; i--) {
            if (key.name.data[i - 1] == '/') {
                key.name.len = i - 1;
                break;
            }
        }
        if (!fn(ctx, &key))
            return false;
        at++;
        while (at < argc && (bytes_is(argv[at], "key") || bytes_is(argv[at], "from")))
            at += 2;
    }
    return true;
}

/* What a call does where its spec says that it may do less. */
static unsigned flags_of_call(const struct command *c, const struct key_spec *spec,
                              const struct bytes *argv)
{
    if (c->run == cmd_topic_config)
        return bytes_is(argv[2], "get") ? KEY_RO | KEY_ACCESS : KEY_RW | KEY_UPDATE;
    return spec->flags & ~(unsigned)KEY_VARIABLE_FLAGS;
}

bool command_keys(const struct command *c, int argc, const struct bytes *argv, command_key_fn *fn,
                  void *ctx)
{
    for (int i = 0; i < c->key_spec_count; i++) {
        const struct key_spec *spec = &c->key_specs[i];
        bool goes_on;
        if (spec->first == 0) {
            ASSERT(c->run == cmd_follow);
            goes_on = walk_followed(spec, argc, argv, fn, ctx);
        } else {
            goes_on = walk(spec, flags_of_call(c, spec, argv), argc, argv, fn, ctx);
        }
        if (!goes_on)
            return false;
    }
    return true;
}
