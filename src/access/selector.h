/* SPDX-License-Identifier: BSD-3-Clause */
/* A set of permissions: some commands, on some keys and channels. A user has one that his rules are about, and
 * more in parentheses; what a call needs must all be granted by the same one.
 *
 * Rules and their words are those of Redis's ACL. Commands are a bitmap, to which rules are applied as they
 * come; it is told again in as few rules as describe it. */
#ifndef ECHOLOG_ACCESS_SELECTOR_H
#define ECHOLOG_ACCESS_SELECTOR_H

#include "access/vocabulary.h"
#include "base/buf.h"

/* --- rules ---------------------------------------------------------------------------------- */

enum rule_error {
    RULE_OK,
    RULE_UNKNOWN,          /* no such command or category */
    RULE_SYNTAX,           /* no such rule */
    RULE_ALL_KEYS_ALREADY, /* a key pattern behind "allkeys" */
    RULE_ALL_CHANNELS_ALREADY,
    RULE_NO_PASSWORD, /* the password to be removed is not there */
    RULE_BAD_HASH,
    RULE_WORD_OF_SUBCOMMAND, /* "+config|get|x" */
};

const char *rule_error_text(enum rule_error error); /* in the words of Redis */

/* --- calls ---------------------------------------------------------------------------------- */

enum access_use {
    ACCESS_READ = 1, /* of a key */
    ACCESS_WRITE = 2,
    ACCESS_CHANNEL = 4,
    ACCESS_PATTERN = 8, /* of channels: it must be granted as it stands */
    /* This or the next one is enough: the topics that a glob covers. */
    ACCESS_OR_NEXT = 16,
};

struct access_name {
    struct bytes text;
    unsigned use;
};

struct access_call {
    size_t command; /* its number */
    int argc;
    const struct bytes *argv;
    const struct access_name *names;
    size_t name_count;
};

/* In the order of what tells a user more. */
enum access_denial {
    ACCESS_GRANTED,
    ACCESS_DENIED_COMMAND,
    ACCESS_DENIED_KEY,
    ACCESS_DENIED_CHANNEL,
};

/* --- selectors ------------------------------------------------------------------------------ */

struct selector_key {
    struct bytes glob; /* owned */
    unsigned use;      /* ACCESS_READ, ACCESS_WRITE or both */
};

/* A command that is allowed when its first argument is this one. */
struct selector_word {
    size_t command;
    char *word; /* owned */
};

struct selector {
    const struct access_vocabulary *vocabulary; /* borrowed */
    bool all_commands;    /* and none was taken out since: nothing is to be looked up */
    bool future_commands; /* it began with all: so it would have those of a later release */
    bool all_keys, all_channels;
    uint64_t commands[ACCESS_COMMANDS_MAX / 64];
    struct selector_word *words; /* owned */
    size_t word_count;
    struct selector_key *keys; /* owned */
    size_t key_count;
    struct bytes *channels; /* owned, with their bytes: globs */
    size_t channel_count;
};

/* Nothing is allowed, except all channels if so asked. */
void selector_init(struct selector *s, const struct access_vocabulary *vocabulary,
                   bool all_channels);
void selector_deinit(struct selector *s);
void selector_copy(struct selector *to, const struct selector *from); /* `to` is not initialised */

/* Applies a rule: +command, -@category, ~glob, %R~glob, &glob, allkeys … On an error nothing has changed. */
enum rule_error selector_apply(struct selector *s, struct bytes rule);

/* Judges a call. With a denial *name is the number of the name it is about (0 for the command). */
enum access_denial selector_check(const struct selector *s, const struct access_call *call,
                                  size_t *name);
/* Whether it grants all that `other` grants of channels, word for word. */
bool selector_grants_channel(const struct selector *s, struct bytes name, bool is_pattern);

/* Append the rules for its commands ("-@all +@read"), keys ("~a %R~b") and channels ("&a &b"), which
 * make the same again. */
void selector_describe_commands(const struct selector *s, struct buf *text);
void selector_describe_keys(const struct selector *s, struct buf *text);
void selector_describe_channels(const struct selector *s, struct buf *text);
/* All of it, as in a file. */
void selector_describe(const struct selector *s, struct buf *text);

#endif
