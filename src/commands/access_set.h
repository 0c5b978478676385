/* SPDX-License-Identifier: BSD-3-Clause */
/* Where users come from and go to: the configuration, and the file of users (aclfile). */
#ifndef ECHOLOG_COMMANDS_ACCESS_SET_H
#define ECHOLOG_COMMANDS_ACCESS_SET_H

#include "base/buf.h"
#include "commands/services.h"

/* Whether users are kept in a file of their own. */
static inline bool access_has_file(const struct services *sv)
{
    return sv->config->aclfile[0] != '\0' && sv->config_files != NULL;
}

/* At start: what requirepass, acl-pubsub-default and "user" lines say, or the file. ERR_INVALID with a sentence. */
MUST_CHECK
enum err access_open(struct services *sv, struct buf *why);

/* ACL LOAD: the users of the file take the place of those that are; of these all but "default" are gone, with those
 * who are connected as them. ERR_INVALID, and nothing has changed: `why` tells all that is wrong. */
MUST_CHECK
enum err access_load(struct services *sv, struct session *asking, struct buf *why);
/* ACL SAVE. */
MUST_CHECK
enum err access_save(struct services *sv, struct buf *why);

/* Puts the users, as they are now, into the configuration, for CONFIG REWRITE; lines that say so already stay. */
void access_tell_config(struct services *sv);

/* requirepass or acl-pubsub-default was set. */
void access_configured(struct services *sv, const struct directive *d);

#endif
