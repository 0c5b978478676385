/* SPDX-License-Identifier: BSD-3-Clause */
/* All users, by name. There is always one called "default": who connects is him until he logs in as another. */
#ifndef ECHOLOG_ACCESS_USERS_H
#define ECHOLOG_ACCESS_USERS_H

#include "access/user.h"
#include "base/err.h"

#define USERS_DEFAULT_NAME "default"

struct users;

/* With the user "default" alone, who may do everything without a password. The vocabulary is borrowed. */
struct users *users_create(const struct access_vocabulary *vocabulary);
void users_destroy(struct users *us);
/* acl-pubsub-default: whether selectors that are made from now on begin with all channels. */
void users_set_all_channels(struct users *us, bool all_channels);
const struct access_vocabulary *users_vocabulary(const struct users *us);

/* Users stay where they are as long as they exist; what they may do changes in place. */
struct user *users_default(const struct users *us);
struct user *users_find(const struct users *us, struct bytes name); /* NULL */
size_t users_count(const struct users *us);
struct user *users_at(const struct users *us, size_t i); /* in order of name */

/* Whether who connects is in without a word. */
static inline bool users_are_open(const struct users *us)
{
    const struct user *u = users_default(us);
    return u->nopass && u->enabled;
}

/* --- changes -------------------------------------------------------------------------------- */

/* A copy of the user of that name, or a fresh one, to try rules on; the caller's. */
struct user *users_draft(const struct users *us, struct bytes name);
/* The user of that name becomes as the draft is, which is gone then; returns him. */
struct user *users_accept(struct users *us, struct user *draft);
/* Takes him out, for the caller to destroy when nobody points to him any more; NULL. Not "default". */
struct user *users_take(struct users *us, struct bytes name);
/* requirepass: the only password of "default", or none. */
void users_set_default_password(struct users *us, struct bytes password);

/* --- text ----------------------------------------------------------------------------------- */

/* "user name rule rule …" of each, a line each. */
void users_write(const struct users *us, struct buf *text);

/* Reads such lines, of a file of that name, into a set that holds only "default" so far. ERR_INVALID: there are errors, all of
 * which are told in `errors`, and the set is to be thrown away. */
MUST_CHECK
enum err users_read(struct users *us, const char *file, struct bytes text, struct buf *errors);
/* Puts the users of `fresh` in the place of those of `us`, where "default" stays and changes. `removed` is called
 * with each other one, to let go of; he is gone behind it. `fresh` is destroyed. */
void users_replace(struct users *us, struct users *fresh,
                   void (*removed)(void *ctx, struct user *u), void *ctx);

/* What stands behind "user" in a line of the configuration: a name and rules. Each user once; "default" begins anew.
 * ERR_INVALID with a sentence. */
MUST_CHECK
enum err users_configure(struct users *us, const struct bytes *words, size_t count,
                         struct buf *why);

#endif
