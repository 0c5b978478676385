/* SPDX-License-Identifier: BSD-3-Clause */
/* Applying rules to a selector, and judging calls by it. */
#include "access/selector.h"

#include "base/glob.h"
#include "base/mem.h"

const char *rule_error_text(enum rule_error error)
{
    switch (error) {
    case RULE_UNKNOWN:
        return "Unknown command or category name in ACL";
    case RULE_ALL_KEYS_ALREADY:
        return "Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does "
               "not have any effect. Try 'resetkeys' to start with an empty list of patterns";
    case RULE_ALL_CHANNELS_ALREADY:
        return "Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and "
               "does not have any effect. Try 'resetchannels' to start with an empty list of "
               "channels";
    case RULE_NO_PASSWORD:
        return "The password you are trying to remove from the user does not exist";
    case RULE_BAD_HASH:
        return "The password hash must be exactly 64 characters and contain only lowercase "
               "hexadecimal characters";
    case RULE_WORD_OF_SUBCOMMAND:
        return "Allowing first-arg of a subcommand is not supported";
    case RULE_SYNTAX:
    case RULE_OK:
        break;
    }
    return "Syntax error";
}

/* --- texts ----------------------------------------------------------------------------------  */

static struct bytes text_copy(struct bytes text)
{
    return bytes_of(mem_strndup(text.data, text.len), text.len);
}

static void text_free(struct bytes text)
{
    mem_free((char *)(uintptr_t)text.data);
}

static bool has_spaces(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (c == '\0' || c == ' ' || (c >= '\t' && c <= '\r'))
            return true;
    }
    return false;
}

/* --- life ----------------------------------------------------------------------------------- */

void selector_init(struct selector *s, const struct access_vocabulary *vocabulary,
                   bool all_channels)
{
    ASSERT(vocabulary->command_count <= ACCESS_COMMANDS_MAX);
    *s = (struct selector){.vocabulary = vocabulary, .all_channels = all_channels};
}

static void reset_words(struct selector *s)
{
    for (size_t i = 0; i < s->word_count; i++)
        mem_free(s->words[i].word);
    mem_free(s->words);
    s->words = NULL;
    s->word_count = 0;
}

static void reset_keys(struct selector *s)
{
    for (size_t i = 0; i < s->key_count; i++)
        text_free(s->keys[i].glob);
    mem_free(s->keys);
    s->keys = NULL;
    s->key_count = 0;
    s->all_keys = false;
}

static void reset_channels(struct selector *s)
{
    for (size_t i = 0; i < s->channel_count; i++)
        text_free(s->channels[i]);
    mem_free(s->channels);
    s->channels = NULL;
    s->channel_count = 0;
    s->all_channels = false;
}

void selector_deinit(struct selector *s)
{
    reset_words(s);
    reset_keys(s);
    reset_channels(s);
}

static void add_word(struct selector *s, size_t command, struct bytes word)
{
    s->words = mem_realloc(s->words, (s->word_count + 1) * sizeof(*s->words));
    s->words[s->word_count++] =
        (struct selector_word){.command = command, .word = mem_strndup(word.data, word.len)};
}

static void add_key(struct selector *s, struct bytes glob, unsigned use)
{
    s->keys = mem_realloc(s->keys, (s->key_count + 1) * sizeof(*s->keys));
    s->keys[s->key_count++] = (struct selector_key){.glob = text_copy(glob), .use = use};
}

static void add_channel(struct selector *s, struct bytes glob)
{
    s->channels = mem_realloc(s->channels, (s->channel_count + 1) * sizeof(*s->channels));
    s->channels[s->channel_count++] = text_copy(glob);
}

void selector_copy(struct selector *to, const struct selector *from)
{
    *to = *from;
    to->words = NULL;
    to->keys = NULL;
    to->channels = NULL;
    to->word_count = to->key_count = to->channel_count = 0;
    for (size_t i = 0; i < from->word_count; i++)
        add_word(to, from->words[i].command, bytes_of_string(from->words[i].word));
    for (size_t i = 0; i < from->key_count; i++)
        add_key(to, from->keys[i].glob, from->keys[i].use);
    for (size_t i = 0; i < from->channel_count; i++)
        add_channel(to, from->channels[i]);
}

/* --- commands ------------------------------------------------------------------------------- */

static bool has_command(const struct selector *s, size_t command)
{
    return s->commands[command / 64] >> command % 64 & 1;
}

static void forget_words_of(struct selector *s, size_t command)
{
    size_t kept = 0;
    for (size_t i = 0; i < s->word_count; i++) {
        if (s->words[i].command == command)
            mem_free(s->words[i].word);
        else
            s->words[kept++] = s->words[i];
    }
    s->word_count = kept;
}

static void set_command(struct selector *s, size_t command, bool allowed)
{
    uint64_t bit = UINT64_C(1) << command % 64;
    if (allowed) {
        s->commands[command / 64] |= bit;
    } else {
        s->commands[command / 64] &= ~bit;
        s->all_commands = false;
    }
    forget_words_of(s, command);
}

static void set_all_commands(struct selector *s, bool allowed)
{
    memset(s->commands, allowed ? 0xff : 0, sizeof(s->commands));
    s->all_commands = s->future_commands = allowed;
    reset_words(s);
}

static enum rule_error set_category(struct selector *s, struct bytes name, bool allowed)
{
    const struct access_vocabulary *v = s->vocabulary;
    size_t category = 0;
    while (category < v->category_count && !bytes_is(name, v->categories[category]))
        category++;
    if (category == v->category_count)
        return RULE_UNKNOWN;
    for (size_t i = 0; i < v->command_count; i++)
        if (v->commands[i].categories >> category & 1)
            set_command(s, i, allowed);
    return RULE_OK;
}

static size_t find_command(const struct selector *s, struct bytes name)
{
    return s->vocabulary->find(s->vocabulary->ctx, name);
}

/* A command with all its sub-commands. */
static enum rule_error set_named(struct selector *s, struct bytes name, bool allowed)
{
    size_t command = find_command(s, name);
    if (command == ACCESS_NO_COMMAND)
        return RULE_UNKNOWN;
    for (size_t i = 0; i <= s->vocabulary->commands[command].subcommand_count; i++)
        set_command(s, command + i, allowed);
    return RULE_OK;
}

/* "+select|0": a command with a first argument, unless it is a sub-command. */
static enum rule_error allow_part(struct selector *s, struct bytes name, size_t bar)
{
    size_t command = find_command(s, bytes_of(name.data, bar));
    struct bytes word = bytes_of(name.data + bar + 1, name.len - bar - 1);
    if (command == ACCESS_NO_COMMAND)
        return RULE_UNKNOWN;
    if (s->vocabulary->commands[command].is_subcommand)
        return RULE_WORD_OF_SUBCOMMAND;
    if (word.len == 0 || has_spaces(word))
        return RULE_SYNTAX;
    if (s->vocabulary->commands[command].subcommand_count > 0)
        return set_named(s, name, true);
    for (size_t i = 0; i < s->word_count; i++)
        if (s->words[i].command == command && bytes_is(word, s->words[i].word))
            return RULE_OK;
    add_word(s, command, word);
    return RULE_OK;
}

/* What stands behind '+' or '-'. */
static enum rule_error apply_command(struct selector *s, struct bytes name, bool allowed)
{
    if (bytes_is(name, "@all")) {
        set_all_commands(s, allowed);
        return RULE_OK;
    }
    if (name.len > 0 && name.data[0] == '@')
        return set_category(s, bytes_of(name.data + 1, name.len - 1), allowed);
    for (size_t bar = name.len; allowed && bar > 0; bar--)
        if (name.data[bar - 1] == '|')
            return allow_part(s, name, bar - 1);
    return set_named(s, name, allowed);
}

/* --- keys and channels ------------------------------------------------------------------------ */

/* "~glob", "%R~glob": how much stands before the glob, and what it allows; 0 when it is none of them. */
static size_t read_key_prefix(struct bytes rule, unsigned *use)
{
    *use = ACCESS_READ | ACCESS_WRITE;
    if (rule.data[0] == '~')
        return 1;
    *use = 0;
    size_t i = 1;
    for (; i < rule.len && rule.data[i] != '~'; i++) {
        unsigned letter = byte_upper(rule.data[i]) == 'R'   ? ACCESS_READ
                          : byte_upper(rule.data[i]) == 'W' ? ACCESS_WRITE
                                                            : 0;
        if (letter == 0 || (*use & letter))
            return 0;
        *use |= letter;
    }
    return *use == 0 ? 0 : i < rule.len ? i + 1 : i;
}

static enum rule_error apply_key(struct selector *s, struct bytes rule)
{
    if (s->all_keys)
        return RULE_ALL_KEYS_ALREADY;
    unsigned use;
    size_t prefix = read_key_prefix(rule, &use);
    struct bytes glob = bytes_of(rule.data + prefix, rule.len - prefix);
    if (prefix == 0 || has_spaces(glob))
        return RULE_SYNTAX;
    for (size_t i = 0; i < s->key_count; i++) {
        if (bytes_equal(s->keys[i].glob, glob)) {
            s->keys[i].use |= use;
            return RULE_OK;
        }
    }
    add_key(s, glob, use);
    return RULE_OK;
}

static enum rule_error apply_channel(struct selector *s, struct bytes rule)
{
    if (s->all_channels)
        return RULE_ALL_CHANNELS_ALREADY;
    struct bytes glob = bytes_of(rule.data + 1, rule.len - 1);
    if (has_spaces(glob))
        return RULE_SYNTAX;
    for (size_t i = 0; i < s->channel_count; i++)
        if (bytes_equal(s->channels[i], glob))
            return RULE_OK;
    add_channel(s, glob);
    return RULE_OK;
}

enum rule_error selector_apply(struct selector *s, struct bytes rule)
{
    if (bytes_is(rule, "allkeys") || bytes_is(rule, "~*")) {
        reset_keys(s);
        s->all_keys = true;
    } else if (bytes_is(rule, "resetkeys")) {
        reset_keys(s);
    } else if (bytes_is(rule, "allchannels") || bytes_is(rule, "&*")) {
        reset_channels(s);
        s->all_channels = true;
    } else if (bytes_is(rule, "resetchannels")) {
        reset_channels(s);
    } else if (bytes_is(rule, "allcommands")) {
        set_all_commands(s, true);
    } else if (bytes_is(rule, "nocommands")) {
        set_all_commands(s, false);
    } else if (bytes_starts_with(rule, "~") || bytes_starts_with(rule, "%")) {
        return apply_key(s, rule);
    } else if (bytes_starts_with(rule, "&")) {
        return apply_channel(s, rule);
    } else if (bytes_starts_with(rule, "+") || bytes_starts_with(rule, "-")) {
        return apply_command(s, bytes_of(rule.data + 1, rule.len - 1), rule.data[0] == '+');
    } else {
        return RULE_SYNTAX;
    }
    return RULE_OK;
}

/* --- judging -------------------------------------------------------------------------------- */

static bool grants_word(const struct selector *s, const struct access_call *call)
{
    size_t place = s->vocabulary->commands[call->command].is_subcommand ? 2 : 1;
    if (place >= (size_t)call->argc)
        return false;
    for (size_t i = 0; i < s->word_count; i++)
        if (s->words[i].command == call->command && bytes_is(call->argv[place], s->words[i].word))
            return true;
    return false;
}

static bool grants_command(const struct selector *s, const struct access_call *call)
{
    return s->all_commands || s->vocabulary->commands[call->command].for_everyone ||
           has_command(s, call->command) || grants_word(s, call);
}

/* One pattern must allow all of it: to read by one and to write by another is not to do both. */
static bool grants_key(const struct selector *s, const struct access_name *name)
{
    unsigned use = name->use & (ACCESS_READ | ACCESS_WRITE);
    if (s->all_keys)
        return true;
    for (size_t i = 0; i < s->key_count; i++)
        if ((s->keys[i].use & use) == use && glob_match(s->keys[i].glob, name->text))
            return true;
    return false;
}

bool selector_grants_channel(const struct selector *s, struct bytes name, bool is_pattern)
{
    if (s->all_channels)
        return true;
    for (size_t i = 0; i < s->channel_count; i++)
        if (is_pattern ? bytes_equal(s->channels[i], name) : glob_match(s->channels[i], name))
            return true;
    return false;
}

static bool is_channel(const struct access_name *name)
{
    return name->use & (ACCESS_CHANNEL | ACCESS_PATTERN);
}

static bool grants_name(const struct selector *s, const struct access_name *name)
{
    if (is_channel(name))
        return selector_grants_channel(s, name->text, name->use & ACCESS_PATTERN);
    return grants_key(s, name);
}

enum access_denial selector_check(const struct selector *s, const struct access_call *call,
                                  size_t *name)
{
    *name = 0;
    if (!grants_command(s, call))
        return ACCESS_DENIED_COMMAND;
    for (size_t i = 0; i < call->name_count; i++) {
        size_t first = i;
        bool granted = grants_name(s, &call->names[i]);
        while (call->names[i].use & ACCESS_OR_NEXT) {
            i++;
            granted = granted || grants_name(s, &call->names[i]);
        }
        if (!granted) {
            *name = first;
            return is_channel(&call->names[first]) ? ACCESS_DENIED_CHANNEL : ACCESS_DENIED_KEY;
        }
    }
    return ACCESS_GRANTED;
}
