/* SPDX-License-Identifier: BSD-3-Clause */
/* What was refused lately, newest first: ACL LOG. The same refusal again within a minute is counted in its entry. */
#ifndef ECHOLOG_ACCESS_ACCESS_LOG_H
#define ECHOLOG_ACCESS_ACCESS_LOG_H

#include "base/bytes.h"
#include "base/list.h"
#include <stdbool.h>
#include <stdint.h>

enum access_reason {
    ACCESS_REASON_COMMAND,
    ACCESS_REASON_KEY,
    ACCESS_REASON_CHANNEL,
    ACCESS_REASON_AUTH,
    ACCESS_REASON_COUNT
};

struct access_log_entry {
    struct list link;
    uint64_t count;
    enum access_reason reason;
    bool in_transaction;
    struct bytes object; /* owned: the command, key or channel; of auth the command that was used */
    struct bytes username; /* owned */
    struct bytes client;   /* owned: a description of the last one */
    int64_t updated_us;
};

struct access_log {
    struct list entries; /* of struct access_log_entry.link, owned */
    size_t count;
    uint64_t denied[ACCESS_REASON_COUNT]; /* ever */
};

void access_log_init(struct access_log *log);
void access_log_deinit(struct access_log *log);

/* Adds, or counts in a recent entry. Texts are copied, long ones in part. `e` has no link, count and time yet. At most `max` entries are kept. */
void access_log_add(struct access_log *log, const struct access_log_entry *e, int64_t now_us,
                    size_t max);
void access_log_trim(struct access_log *log, size_t max);

const char *access_reason_word(enum access_reason reason);

#endif
