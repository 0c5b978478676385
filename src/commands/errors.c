/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands/errors.h"

#include "base/check.h"

const char *error_code(enum err err)
{
    switch (err) {
    case ERR_NOSPACE:
        return "NOSPACE";
    case ERR_IO:
    case ERR_FAILED:
    case ERR_LIMIT:
    case ERR_ACCESS:
        return "LOGERROR";
    case ERR_CORRUPT:
        return "CORRUPT";
    case ERR_NOT_FOUND:
        return "UNKNOWNTOPIC";
    case ERR_RANGE:
        return "OFFSETOUTOFRANGE";
    case ERR_TOO_LARGE:
        return "MSGTOOLARGE";
    case ERR_EXISTS:
        return "TOPICEXISTS";
    default:
        return "ERR";
    }
}

const char *error_code_refused(enum err err)
{
    return err == ERR_FAILED ? "LOGERROR" : "ERR";
}

const char *error_code_group(enum err err)
{
    switch (err) {
    case ERR_NOT_FOUND:
        return "UNKNOWNGROUP";
    case ERR_NOT_MEMBER:
        return "UNKNOWNMEMBER";
    case ERR_FENCED:
        return "FENCED";
    case ERR_NOT_EMPTY:
        return "GROUPNOTEMPTY";
    case ERR_LIMIT:
        return "ERR";
    default:
        return error_code(err);
    }
}

void write_group_error(struct writer *w, enum err err, const struct buf *why)
{
    if (why->len > 0)
        write_error(w, "%s %.*s", error_code_group(err), (int)why->len, buf_bytes(why).data);
    else
        write_error(w, "%s %s", error_code_group(err), err_text(err));
}

void reply_syntax_error(struct call *c)
{
    write_error(&c->w, "ERR syntax error");
}

void reply_not_an_integer(struct call *c)
{
    write_error(&c->w, "ERR value is not an integer or out of range");
}

void reply_unknown_topic(struct call *c, struct bytes name)
{
    write_unknown_topic(&c->w, catalog_name_has_meta(c->sv->catalog, name), name);
}

void write_unknown_topic(struct writer *w, bool unreadable, struct bytes name)
{
    if (unreadable)
        write_error(
            w, "LOGERROR topic '%.*s' cannot be used: its file is damaged; see the server's log",
            (int)name.len, name.data);
    else
        write_error(w, "UNKNOWNTOPIC there is no topic '%.*s'", (int)name.len, name.data);
}

void reply_unknown_partition(struct call *c, struct bytes topic, int64_t partitions,
                             struct bytes given)
{
    write_error(&c->w,
                "UNKNOWNPARTITION topic '%.*s' has no partition %.*s: its partitions are 0 to %lld",
                (int)topic.len, topic.data, (int)given.len, given.data, (long long)partitions - 1);
}

void reply_too_large(struct call *c, struct bytes topic, size_t batch_bytes, int64_t bytes_max)
{
    write_error(
        &c->w,
        "MSGTOOLARGE %zu bytes with their headers are more than max.message.bytes (%lld) of "
        "topic '%.*s'",
        batch_bytes, (long long)bytes_max, (int)topic.len, topic.data);
}

void reply_append_failed(struct call *c, const struct topic_partition *tp, enum err err)
{
    struct buf error = {0};
    error_append_failed(&error, tp, err);
    out_append(c->w.out, error.data, error.len);
    c->w.errors++;
    buf_deinit(&error);
}

/* Why an append failed, for the client that made it. */
static const char *append_failure(enum err err)
{
    switch (err) {
    case ERR_NOSPACE:
        return "no space left on the device: nothing was stored, try again when there is room";
    case ERR_NOT_FOUND:
        return "the topic was deleted";
    case ERR_FAILED:
        return "the partition takes no writes since an earlier disk error; see the server's log";
    case ERR_IO:
        return "the disk failed; whether the record is stored is unknown";
    default:
        return err_text(err);
    }
}

void error_append_failed(struct buf *b, const struct topic_partition *tp, enum err err)
{
    const struct bytes name = tp->topic->name;
    buf_printf(b, "-%s topic '%.*s' partition %d: %s\r\n", error_code(err), (int)name.len,
               name.data, tp->number, append_failure(err));
}
