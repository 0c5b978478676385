/* SPDX-License-Identifier: BSD-3-Clause */
#include "access/access_log.h"

#include "base/check.h"
#include "base/mem.h"

/* Of a text that is kept: a client must not fill memory with what it is refused. */
#define TEXT_BYTES_MAX 1024
/* Entries that are looked at for one to count in, and how old they may be. */
#define MERGE_ENTRIES_MAX 10
#define MERGE_AGE_US_MAX (60 * INT64_C(1000000))

static struct access_log_entry *entry_at(struct list *link)
{
    return CONTAINER_OF(link, struct access_log_entry, link);
}

static struct bytes text_copy(struct bytes text)
{
    return bytes_of(mem_strndup(text.len == 0 ? "" : text.data, text.len), text.len);
}

static void text_free(struct bytes text)
{
    mem_free((char *)(uintptr_t)text.data);
}

static struct bytes cut(struct bytes text)
{
    return text.len > TEXT_BYTES_MAX ? bytes_of(text.data, TEXT_BYTES_MAX) : text;
}

static void drop(struct access_log *log, struct access_log_entry *e)
{
    list_remove(&e->link);
    log->count--;
    text_free(e->object);
    text_free(e->username);
    text_free(e->client);
    mem_free(e);
}

void access_log_init(struct access_log *log)
{
    *log = (struct access_log){0};
    list_init(&log->entries);
}

void access_log_deinit(struct access_log *log)
{
    access_log_trim(log, 0);
}

void access_log_trim(struct access_log *log, size_t max)
{
    while (log->count > max)
        drop(log, entry_at(log->entries.prev));
}

/* `a` is kept, `b` is new. */
static bool is_same(const struct access_log_entry *a, const struct access_log_entry *b)
{
    return a->reason == b->reason && a->in_transaction == b->in_transaction &&
           bytes_equal(a->object, cut(b->object)) && bytes_equal(a->username, cut(b->username));
}

static struct access_log_entry *find_same(struct access_log *log, const struct access_log_entry *e,
                                          int64_t now_us)
{
    int looked_at = 0;
    LIST_EACH (it, &log->entries) {
        struct access_log_entry *old = entry_at(it);
        if (looked_at++ == MERGE_ENTRIES_MAX)
            break;
        if (is_same(old, e) && now_us - old->updated_us <= MERGE_AGE_US_MAX)
            return old;
    }
    return NULL;
}

void access_log_add(struct access_log *log, const struct access_log_entry *e, int64_t now_us,
                    size_t max)
{
    struct access_log_entry *entry = find_same(log, e, now_us);
    log->denied[e->reason]++;
    if (entry != NULL) {
        list_remove(&entry->link);
        text_free(entry->client);
    } else {
        entry = mem_alloc(sizeof(*entry));
        *entry = *e;
        entry->count = 0;
        entry->object = text_copy(cut(e->object));
        entry->username = text_copy(cut(e->username));
        log->count++;
    }
    entry->count++;
    entry->client = text_copy(e->client);
    entry->updated_us = now_us;
    list_push_front(&log->entries, &entry->link);
    access_log_trim(log, max);
}

const char *access_reason_word(enum access_reason reason)
{
    static const char *const words[] = {"command", "key", "channel", "auth"};
    static_assert(COUNT_OF(words) == ACCESS_REASON_COUNT, "a word for each");
    return words[reason];
}
