/* SPDX-License-Identifier: BSD-3-Clause */
/* What a call names: its keys, which are topics and groups, and its channels; and what it does with each. Read
 * from the key column of commands.def, whose notation is
 *
 *   RW INSERT 1              word 1 (the command's own is 0)
 *   RM DELETE 2..            word 2 and all behind it
 *   RO ACCESS 3:TOPICS..     all behind the first TOPICS from word 3 on
 *   RO ACCESS 1:FROM../3     the same, each third word
 *   RO ACCESS ?              where only the command's own rules say
 *   CHANNEL 1..              channels, by name;  PATTERN: by pattern
 *
 * with a comma between several. What permissions are checked against and what COMMAND GETKEYS answers is
 * the same. */
#ifndef ECHOLOG_COMMANDS_COMMAND_KEYS_H
#define ECHOLOG_COMMANDS_COMMAND_KEYS_H

#include "base/bytes.h"
#include <stdbool.h>

struct command;

#define KEY_SPECS_MAX 2

enum key_flags {
    /* To the key as a whole: as Redis has it, RO reads, RW changes, OW overwrites, RM removes. */
    KEY_RO = 1 << 0,
    KEY_RW = 1 << 1,
    KEY_OW = 1 << 2,
    KEY_RM = 1 << 3,
    /* To what it holds: ACCESS tells the client of it, the others change it. */
    KEY_ACCESS = 1 << 4,
    KEY_UPDATE = 1 << 5,
    KEY_INSERT = 1 << 6,
    KEY_DELETE = 1 << 7,
    /* Of a spec: a call may do less than it says. */
    KEY_VARIABLE_FLAGS = 1 << 8,
    /* No key but a channel, or a pattern of channels. */
    KEY_CHANNEL = 1 << 9,
    KEY_PATTERN = 1 << 10,
};

#define KEY_READS KEY_ACCESS
#define KEY_WRITES (KEY_UPDATE | KEY_INSERT | KEY_DELETE)
#define KEY_NO_KEY (KEY_CHANNEL | KEY_PATTERN)

struct key_spec {
    unsigned flags;
    int first;            /* the word, or from where the keyword is looked for; 0: by own rules */
    struct bytes keyword; /* null: none */
    bool to_end;          /* all words from there on … */
    int step;             /* … each so many-th */
};

struct command_key {
    int word;          /* where it stands */
    struct bytes name; /* borrowed from the call: the word, or the part of it that is the name */
    unsigned flags;
};

/* Called for each; false ends the walk. */
typedef bool command_key_fn(void *ctx, const struct command_key *key);

/* Walks through the keys and channels of a call of good arity, in the order of the specs; false when `fn` ended
 * it. Of a call with wrong arguments it may give more or fewer than the command would use. */
bool command_keys(const struct command *c, int argc, const struct bytes *argv, command_key_fn *fn,
                  void *ctx);
/* Whether the command names any key at all. */
bool command_has_keys(const struct command *c);

/* Fills in the specs from the command's key column (asserted to be in the notation), and what follows from them: first_key,
 * last_key, key_step, and whether keys stand elsewhere too. */
void command_read_key_specs(struct command *c);

/* The words for a spec's flags as COMMAND INFO and GETKEYSANDFLAGS have them ("RW", "insert"). */
void key_each_flag(unsigned flags, void (*fn)(void *ctx, const char *word), void *ctx);

#endif
