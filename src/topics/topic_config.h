/* SPDX-License-Identifier: BSD-3-Clause */
/* A topic's configuration: what was set for it, and the server's defaults for the rest. Inside
 * src/topics; the table and the struct are in topic.h. */
#ifndef ECHOLOG_TOPICS_TOPIC_CONFIG_H
#define ECHOLOG_TOPICS_TOPIC_CONFIG_H

#include "config/config.h"
#include "topics/topic.h"

/* The bit of a directive of topic_config_table in topic.set_keys. */
uint64_t topic_config_bit(const struct directive *d);

void topic_config_init(struct topic_config *config, const struct config *server);
void topic_config_deinit(struct topic_config *config);
void topic_config_copy(struct topic_config *to, const struct topic_config *from);

/* Brings the values that were not set to the server's present defaults; whether any has changed. */
bool topic_config_follow(struct topic_config *config, uint64_t set_keys,
                         const struct config *server);

/* Sets `pairs` (name, value, …). ERR_INVALID: `why` is a sentence; some may have been set, so work on a
 * copy. A name may come once. */
MUST_CHECK
enum err topic_config_set(struct topic_config *config, uint64_t *set_keys,
                          const struct bytes *pairs, size_t pair_count, struct buf *why);
/* Back to the server's default. ERR_INVALID as above. */
MUST_CHECK
enum err topic_config_reset(struct topic_config *config, uint64_t *set_keys,
                            const struct bytes *names, size_t count, const struct config *server,
                            struct buf *why);

/* What the log wants to know of it. */
void topic_config_for_log(const struct topic_config *config, struct partition_config *log);

/* Appends `text` for a message: shortened, and without bytes that would break a line. */
void topic_quote(struct buf *b, struct bytes text);

#endif
