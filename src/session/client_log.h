/* SPDX-License-Identifier: BSD-3-Clause */
/* The connections that the server ended of its own accord, the last so many of them: why, what each lost by it, and
 * who it was. CLIENT LOG shows it. */
#ifndef ECHOLOG_SESSION_CLIENT_LOG_H
#define ECHOLOG_SESSION_CLIENT_LOG_H

#include "base/buf.h"
#include "base/check.h"
#include "base/list.h"
#include "net/stream.h"
#include <stdint.h>

struct session;
struct clock;

#define CLIENT_LOG_ENTRIES_MAX 128
#define CLIENT_LOG_DETAIL_BYTES_MAX 256
#define CLIENT_LOG_INFO_BYTES_MAX 1024 /* of a description; names are the clients' to choose */
/* What one address does wrong again and again within this time is one entry. */
#define CLIENT_LOG_SAME_MS 60000

enum cut_off {
    CUT_OFF_OUTPUT_HARD,
    CUT_OFF_OUTPUT_SOFT,
    CUT_OFF_QUERY,
    CUT_OFF_EVICTED,
    CUT_OFF_TIMEOUT,
    CUT_OFF_PROTOCOL,
    CUT_OFF_KILLED,
    CUT_OFF_USER, /* was deleted, or lost permissions that the connection makes use of */
};

struct client_log_entry {
    uint64_t id;
    enum cut_off why;
    uint64_t count;                 /* of connections; 1 but for protocol errors */
    uint64_t bytes;                 /* of output that was waiting, and is lost */
    uint64_t messages;              /* in it, whole or in part: replies and pushes */
    int64_t created_ms, updated_ms; /* wall clock */
    char host[STREAM_ADDRESS_BYTES_MAX];
    struct buf detail, user, info; /* owned */
    struct list link;
};

struct client_log {
    struct list entries; /* owned; newest first */
    size_t count;
    uint64_t next_id;
};

void client_log_init(struct client_log *log);
void client_log_clear(struct client_log *log); /* ids go on */

/* Notes, and traces, that `s` is cut off; to be called before it is closed. */
void client_log_add(struct session *s, enum cut_off why, const char *format, ...) PRINTF_LIKE(3, 4);

/* "output-hard-limit" … */
const char *cut_off_text(enum cut_off why);

#endif
