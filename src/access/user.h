/* SPDX-License-Identifier: BSD-3-Clause */
/* One user: how he logs in, and what he may do. */
#ifndef ECHOLOG_ACCESS_USER_H
#define ECHOLOG_ACCESS_USER_H

#include "access/password.h"
#include "access/selector.h"

/* Only told again: there is nothing here that it could be about. */
enum user_sanitize { USER_SANITIZE_UNSAID, USER_SANITIZE, USER_SANITIZE_SKIP };

struct user {
    char *name;                                 /* owned; without blanks and zero bytes */
    const struct access_vocabulary *vocabulary; /* borrowed */
    bool enabled;      /* may log in; connections that have are left alone */
    bool nopass;       /* any password will do */
    bool all_channels; /* what new selectors begin with */
    enum user_sanitize sanitize;
    struct password *passwords; /* owned */
    size_t password_count;
    struct selector *selectors; /* owned; the first is the one without parentheses */
    size_t selector_count;
    bool unrestricted; /* may do everything: nothing is to be checked */
};

/* A fresh one may do nothing and is off. `all_channels`: see acl-pubsub-default. */
struct user *user_create(struct bytes name, const struct access_vocabulary *vocabulary,
                         bool all_channels);
struct user *user_copy(const struct user *u);
void user_destroy(struct user *u);
/* Exchanges everything but the names. */
void user_exchange(struct user *a, struct user *b);

bool user_name_is_valid(struct bytes name);

/* Applies a rule: on, off, nopass, >password, #hash, reset, (selector) and all of selector_apply. On an error
 * nothing has changed. */
enum rule_error user_apply(struct user *u, struct bytes rule);

/* Whether he may log in with that password. `u` NULL: never, in the time it takes to find out. */
bool user_accepts(const struct user *u, struct bytes password);

/* Judges a call: it is granted when one selector grants all of it. With a denial, the one of the selector that
 * came farthest, and *name is the number of the name it is about. */
enum access_denial user_check(const struct user *u, const struct access_call *call, size_t *name);
bool user_grants_channel(const struct user *u, struct bytes name, bool is_pattern);

/* Appends "user name on …" as in a file, without a line end. */
void user_describe(const struct user *u, struct buf *text);
/* Calls `fn` with each flag in words: "on", "nopass" … */
void user_each_flag(const struct user *u, void (*fn)(void *ctx, const char *word), void *ctx);

#endif
