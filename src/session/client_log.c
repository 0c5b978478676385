/* SPDX-License-Identifier: BSD-3-Clause */
#include "session/client_log.h"

#include "base/mem.h"
#include "session/session.h"
#include "session/sessions.h"

const char *cut_off_text(enum cut_off why)
{
    switch (why) {
    case CUT_OFF_OUTPUT_HARD:
        return "output-hard-limit";
    case CUT_OFF_OUTPUT_SOFT:
        return "output-soft-limit";
    case CUT_OFF_QUERY:
        return "query-limit";
    case CUT_OFF_EVICTED:
        return "evicted";
    case CUT_OFF_TIMEOUT:
        return "timeout";
    case CUT_OFF_PROTOCOL:
        return "protocol-error";
    case CUT_OFF_KILLED:
        return "killed";
    case CUT_OFF_USER:
        return "user-changed";
    }
    return "";
}

/* --- the list ------------------------------------------------------------------------------- */

void client_log_init(struct client_log *log)
{
    *log = (struct client_log){.next_id = 0};
    list_init(&log->entries);
}

static void drop(struct client_log *log, struct client_log_entry *e)
{
    list_remove(&e->link);
    log->count--;
    buf_deinit(&e->detail);
    buf_deinit(&e->user);
    buf_deinit(&e->info);
    mem_free(e);
}

void client_log_clear(struct client_log *log)
{
    LIST_EACH (it, &log->entries)
        drop(log, CONTAINER_OF(it, struct client_log_entry, link));
}

/* A fresh entry in the first place; the oldest makes room. */
static struct client_log_entry *push(struct client_log *log)
{
    if (log->count == CLIENT_LOG_ENTRIES_MAX)
        drop(log, CONTAINER_OF(log->entries.prev, struct client_log_entry, link));
    struct client_log_entry *e = mem_zalloc(1, sizeof(*e));
    e->id = log->next_id++;
    list_push_front(&log->entries, &e->link);
    log->count++;
    return e;
}

/* --- an entry ------------------------------------------------------------------------------- */

static void describe(const struct session *s, struct buf *user, struct buf *info)
{
    const struct sessions_owner *owner = &s->sessions->owner;
    if (owner->describe != NULL)
        owner->describe(owner->ctx, s, user, info);
    else
        buf_printf(info, "id=%llu addr=%s", (unsigned long long)s->id, s->stream->peer);
    if (info->len > CLIENT_LOG_INFO_BYTES_MAX)
        info->len = CLIENT_LOG_INFO_BYTES_MAX;
}

/* The address without its port. */
static void note_host(const struct session *s, struct client_log_entry *e)
{
    const char *colon = strrchr(s->stream->peer, ':');
    size_t len = colon != NULL ? (size_t)(colon - s->stream->peer) : strlen(s->stream->peer);
    memcpy(e->host, s->stream->peer, len);
    e->host[len] = '\0';
}

/* A stranger who sends rubbish from ever new connections does not push out what the others tell. */
static struct client_log_entry *same(struct client_log *log, const struct client_log_entry *e)
{
    if (e->why != CUT_OFF_PROTOCOL)
        return NULL;
    LIST_EACH (it, &log->entries) {
        struct client_log_entry *old = CONTAINER_OF(it, struct client_log_entry, link);
        if (e->updated_ms - old->updated_ms > CLIENT_LOG_SAME_MS)
            break;
        if (old->why == e->why && bytes_equal(buf_bytes(&old->user), buf_bytes(&e->user)) &&
            strcmp(old->host, e->host) == 0)
            return old;
    }
    return NULL;
}

/* `e` on the stack: its texts go over to the log. */
static void keep(struct client_log *log, struct client_log_entry *e)
{
    struct client_log_entry *to = same(log, e);
    if (to == NULL) {
        to = push(log);
        to->created_ms = e->updated_ms;
    } else {
        list_remove(&to->link);
        list_push_front(&log->entries, &to->link);
        buf_deinit(&to->detail);
        buf_deinit(&to->user);
        buf_deinit(&to->info);
    }
    to->why = e->why;
    memcpy(to->host, e->host, sizeof(to->host));
    to->updated_ms = e->updated_ms;
    to->count++;
    to->bytes += e->bytes;
    to->messages += e->messages;
    to->detail = e->detail;
    to->user = e->user;
    to->info = e->info;
}

static void trace_entry(const struct session *s, const struct client_log_entry *e)
{
    struct trace *t = s->sessions->trace;
    int detail_len = (int)e->detail.len, info_len = (int)e->info.len;
    if (e->why == CUT_OFF_TIMEOUT || e->why == CUT_OFF_PROTOCOL || e->why == CUT_OFF_KILLED ||
        e->why == CUT_OFF_USER)
        TRACE_INFO(t, "Closing client (%s: %.*s): %.*s", cut_off_text(e->why), detail_len,
                   buf_bytes(&e->detail).data, info_len, buf_bytes(&e->info).data);
    else
        TRACE_WARN(t, "Closing client (%s: %.*s), %llu bytes and %llu messages unsent: %.*s",
                   cut_off_text(e->why), detail_len, buf_bytes(&e->detail).data,
                   (unsigned long long)e->bytes, (unsigned long long)e->messages, info_len,
                   buf_bytes(&e->info).data);
}

void client_log_add(struct session *s, enum cut_off why, const char *format, ...)
{
    struct client_log_entry e = {
        .why = why,
        .bytes = out_len(&s->out),
        .messages = out_messages(&s->out),
        .updated_ms = s->sessions->clock->wall_ms,
    };
    va_list args;
    va_start(args, format);
    buf_vprintf(&e.detail, format, args);
    va_end(args);
    if (e.detail.len > CLIENT_LOG_DETAIL_BYTES_MAX)
        e.detail.len = CLIENT_LOG_DETAIL_BYTES_MAX;
    describe(s, &e.user, &e.info);
    note_host(s, &e);
    trace_entry(s, &e);
    keep(&s->sessions->client_log, &e);
}
