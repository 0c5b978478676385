/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands/slow_log.h"

#include "base/buf.h"
#include "base/mem.h"

/* --- arguments ------------------------------------------------------------------------------ */

static void append_argument(struct buf *b, struct bytes argument)
{
    size_t shown =
        argument.len < SLOW_LOG_ARGUMENT_BYTES_MAX ? argument.len : SLOW_LOG_ARGUMENT_BYTES_MAX;
    buf_append(b, argument.data, shown);
    if (shown < argument.len)
        buf_printf(b, "... (%zu more bytes)", argument.len - shown);
}

struct slow_args *slow_args_create(int argc, const struct bytes *argv,
                                   bool (*is_secret)(const void *ctx, int i), const void *ctx)
{
    struct buf text = {0};
    size_t ends[SLOW_LOG_ARGUMENTS_MAX];
    int kept = argc < SLOW_LOG_ARGUMENTS_MAX ? argc : SLOW_LOG_ARGUMENTS_MAX;
    for (int i = 0; i < kept; i++) {
        if (i == kept - 1 && kept < argc)
            buf_printf(&text, "... (%d more arguments)", argc - kept + 1);
        else
            append_argument(&text, is_secret(ctx, i) ? BYTES_LITERAL(SLOW_LOG_REDACTED) : argv[i]);
        ends[i] = text.len;
    }
    size_t head = sizeof(struct slow_args) + (size_t)kept * sizeof(struct bytes);
    struct slow_args *args = mem_alloc(head + text.len);
    char *place = (char *)args + head;
    memcpy(place, buf_bytes(&text).data, text.len);
    args->argc = kept;
    for (int i = 0; i < kept; i++) {
        size_t from = i > 0 ? ends[i - 1] : 0;
        args->argv[i] = bytes_of(place + from, ends[i] - from);
    }
    buf_deinit(&text);
    return args;
}

void slow_args_destroy(struct slow_args *args)
{
    mem_free(args);
}

/* --- the log -------------------------------------------------------------------------------- */

void slow_log_init(struct slow_log *log)
{
    *log = (struct slow_log){0};
    list_init(&log->entries);
}

void slow_log_deinit(struct slow_log *log)
{
    slow_log_clear(log);
}

static void drop_oldest(struct slow_log *log)
{
    struct slow_entry *e = CONTAINER_OF(log->entries.prev, struct slow_entry, link);
    list_remove(&e->link);
    slow_args_destroy(e->args);
    mem_free(e->address);
    mem_free(e->name);
    mem_free(e);
    log->count--;
}

void slow_log_add(struct slow_log *log, struct slow_args *args, int64_t wall_s, int64_t took_us,
                  const char *address, const char *name, size_t count_max)
{
    struct slow_entry *e = mem_alloc(sizeof(*e));
    *e = (struct slow_entry){.id = log->next_id++,
                             .wall_s = wall_s,
                             .took_us = took_us,
                             .args = args,
                             .address = mem_strdup(address),
                             .name = mem_strdup(name)};
    list_push_front(&log->entries, &e->link);
    log->count++;
    while (log->count > count_max)
        drop_oldest(log);
}

void slow_log_clear(struct slow_log *log)
{
    while (log->count > 0)
        drop_oldest(log);
}
