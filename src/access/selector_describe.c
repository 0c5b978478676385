/* SPDX-License-Identifier: BSD-3-Clause */
/* A selector told again in rules. For the commands, rules are chosen one by one that bring a copy closer to the selector: first
 * categories that it has more of than not, the best one each time, then single commands for what is left. So what is
 * printed depends on what is allowed and not on how it came to be. */
#include "access/selector.h"

#include <limits.h>

struct bits {
    uint64_t words[ACCESS_COMMANDS_MAX / 64];
};

static bool bit_get(const struct bits *b, size_t i)
{
    return b->words[i / 64] >> i % 64 & 1;
}

static void bit_set(struct bits *b, size_t i, bool value)
{
    uint64_t bit = UINT64_C(1) << i % 64;
    if (value)
        b->words[i / 64] |= bit;
    else
        b->words[i / 64] &= ~bit;
}

/* --- commands ------------------------------------------------------------------------------- */

struct description {
    const struct selector *selector;
    bool additive;    /* begins with none, and adds */
    struct bits left; /* what no rule speaks of yet, as the selector has it */
    struct bits told; /* what the rules so far would make */
    uint32_t used;    /* categories */
    bool may_err;     /* a category may be told that is wrong about some commands */
    size_t rules;     /* that were told */
    struct buf text;
};

static bool in_category(const struct access_vocabulary *v, size_t command, size_t category)
{
    return v->commands[command].categories >> category & 1;
}

/* How many commands of a category its rule would get right, and how many wrong. */
static void weigh(const struct description *d, size_t category, size_t *right, size_t *wrong)
{
    const struct access_vocabulary *v = d->selector->vocabulary;
    *right = *wrong = 0;
    for (size_t i = 0; i < v->command_count; i++) {
        if (!in_category(v, i, category))
            continue;
        if (bit_get(&d->left, i) == d->additive)
            (*right)++;
        else
            (*wrong)++;
    }
}

/* The category with the fewest wrong ones, then the most right ones, if more are right than wrong. */
static bool best_category(const struct description *d, size_t *best)
{
    size_t best_right = 0, best_wrong = SIZE_MAX;
    for (size_t i = 0; i < d->selector->vocabulary->category_count; i++) {
        size_t right, wrong;
        if (d->used >> i & 1)
            continue;
        weigh(d, i, &right, &wrong);
        if (right <= wrong || (wrong > 0 && !d->may_err))
            continue;
        if (wrong < best_wrong || (wrong == best_wrong && right > best_right)) {
            *best = i;
            best_right = right;
            best_wrong = wrong;
        }
    }
    return best_wrong != SIZE_MAX;
}

static void tell_categories(struct description *d)
{
    const struct access_vocabulary *v = d->selector->vocabulary;
    size_t category;
    while (best_category(d, &category)) {
        d->used |= UINT32_C(1) << category;
        d->rules++;
        buf_printf(&d->text, " %c@%s", d->additive ? '+' : '-', v->categories[category]);
        for (size_t i = 0; i < v->command_count; i++) {
            if (in_category(v, i, category)) {
                bit_set(&d->left, i, !d->additive);
                bit_set(&d->told, i, d->additive);
            }
        }
    }
}

static void tell_words(struct description *d, size_t command)
{
    const struct selector *s = d->selector;
    for (size_t i = 0; i < s->word_count; i++)
        if (s->words[i].command == command)
            buf_printf(&d->text, " +%s|%s", s->vocabulary->commands[command].name,
                       s->words[i].word);
}

/* Containers stand before their sub-commands, and their rules take these along. */
static void tell_commands(struct description *d, const struct bits *wanted)
{
    const struct access_vocabulary *v = d->selector->vocabulary;
    for (size_t i = 0; i < v->command_count; i++) {
        bool allowed = bit_get(wanted, i);
        if (allowed != bit_get(&d->told, i)) {
            d->rules++;
            buf_printf(&d->text, " %c%s", allowed ? '+' : '-', v->commands[i].name);
            for (size_t sub = 0; sub <= v->commands[i].subcommand_count; sub++)
                bit_set(&d->told, i + sub, allowed);
        }
        if (!allowed)
            tell_words(d, i);
    }
}

static struct description describe(const struct selector *s, bool may_err)
{
    struct description d = {.selector = s, .additive = !s->future_commands, .may_err = may_err};
    struct bits wanted;
    static_assert(sizeof(wanted.words) == sizeof(s->commands), "the same commands");
    memcpy(wanted.words, s->commands, sizeof(s->commands));
    d.left = wanted;
    if (!d.additive)
        memset(&d.told, 0xff, sizeof(d.told));
    buf_append_string(&d.text, d.additive ? "-@all" : "+@all");
    tell_categories(&d);
    tell_commands(&d, &wanted);
    return d;
}

/* As Redis does it, unless it takes fewer rules to tell only categories that are right: a container with many sub-commands
 * can be most of a category. */
void selector_describe_commands(const struct selector *s, struct buf *text)
{
    struct description near = describe(s, true), exact = describe(s, false);
    const struct description *best = exact.rules < near.rules ? &exact : &near;
    buf_append_bytes(text, buf_bytes(&best->text));
    buf_deinit(&near.text);
    buf_deinit(&exact.text);
}

/* --- keys and channels ------------------------------------------------------------------------ */

/* "~*" would be all keys, behind which no other pattern may stand. */
static const char *key_prefix(const struct selector_key *key)
{
    if (key->use == ACCESS_READ)
        return "%R~";
    if (key->use == ACCESS_WRITE)
        return "%W~";
    return bytes_equal(key->glob, BYTES_LITERAL("*")) ? "%RW~" : "~";
}

void selector_describe_keys(const struct selector *s, struct buf *text)
{
    if (s->all_keys)
        buf_append_string(text, "~*");
    for (size_t i = 0; i < s->key_count; i++) {
        buf_append_string(text, i > 0 ? " " : "");
        buf_append_string(text, key_prefix(&s->keys[i]));
        buf_append_bytes(text, s->keys[i].glob);
    }
}

void selector_describe_channels(const struct selector *s, struct buf *text)
{
    if (s->all_channels)
        buf_append_string(text, "&*");
    for (size_t i = 0; i < s->channel_count; i++) {
        buf_append_string(text, i > 0 ? " &" : "&");
        buf_append_bytes(text, s->channels[i]);
    }
}

void selector_describe(const struct selector *s, struct buf *text)
{
    size_t before = text->len;
    selector_describe_keys(s, text);
    if (text->len > before)
        buf_append_char(text, ' ');
    if (!s->all_channels)
        buf_append_string(text, "resetchannels ");
    before = text->len;
    selector_describe_channels(s, text);
    if (text->len > before)
        buf_append_char(text, ' ');
    selector_describe_commands(s, text);
}
