/* SPDX-License-Identifier: BSD-3-Clause */
/* What the commands about consumer groups share. */
#ifndef ECHOLOG_COMMANDS_GROUP_REPLY_H
#define ECHOLOG_COMMANDS_GROUP_REPLY_H

#include "commands/command.h"
#include "groups/groups.h"

/* A group that exists; NULL with an answer. */
struct group *argument_group(struct call *c, struct bytes name);
/* A live member (argv[2] the group, argv[3] the member); NULL with an answer. */
struct member *argument_member(struct call *c);

/* A pair of a map. Null bytes and a negative `number` of write_field_known are null. */
void write_field(struct writer *w, const char *name, struct bytes value);
void write_field_string(struct writer *w, const char *name, const char *value);
void write_field_int(struct writer *w, const char *name, int64_t value);
void write_field_known(struct writer *w, const char *name, int64_t number);

/* OK, held until what was written about a group reached `ack`. `where` NULL: nothing was. */
void reply_ok_when_written(struct call *c, struct topic_partition *where, uint64_t batch,
                           enum ack ack);
/* The level of default-ack. */
enum ack group_ack(const struct call *c);

#endif
