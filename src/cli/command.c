/* SPDX-License-Identifier: BSD-3-Clause */
/* One command. What is special about a command on the client's side is in one table. */
#include "cli/command.h"
#include "cli/follow_print.h"
#include "cli/push_print.h"
#include "cli/rows.h"
#include "cli/sheet.h"
#include "cli/text.h"

/* FETCH topic partition … */
#define FETCH_PARTITION_WORD 2

enum manner {
    MANNER_REPLY,    /* one reply */
    MANNER_DOCUMENT, /* one reply, made for reading as it is */
    MANNER_STREAM,   /* messages until the user stops it */
    MANNER_FOLLOW,   /* the same; what comes has a form of its own */
    MANNER_FOR_EACH, /* a reply for each argument, in RESP3 as pushes */
    MANNER_GOODBYE,  /* a closed connection is the answer */
    /* One reply, which has a layout of its own for people. */
    MANNER_RECORDS,    /* records of a partition */
    MANNER_PARTITIONS, /* records of several */
    MANNER_SHEET,      /* a description */
    MANNER_SENTENCES,
};

static const struct {
    const char *name;
    const char *second; /* NULL: any second word, or none */
    enum manner manner;
} manners[] = {
    {"INFO", NULL, MANNER_DOCUMENT},         {"LOLWUT", NULL, MANNER_DOCUMENT},
    {"CLIENT", "LIST", MANNER_DOCUMENT},     {"CLIENT", "INFO", MANNER_DOCUMENT},
    {"MEMORY", "DOCTOR", MANNER_DOCUMENT},   {"LATENCY", "DOCTOR", MANNER_DOCUMENT},
    {"LATENCY", "GRAPH", MANNER_DOCUMENT},   {"SUBSCRIBE", NULL, MANNER_STREAM},
    {"PSUBSCRIBE", NULL, MANNER_STREAM},     {"SSUBSCRIBE", NULL, MANNER_STREAM},
    {"MONITOR", NULL, MANNER_STREAM},        {"FOLLOW", NULL, MANNER_FOLLOW},
    {"UNSUBSCRIBE", NULL, MANNER_FOR_EACH},  {"PUNSUBSCRIBE", NULL, MANNER_FOR_EACH},
    {"SUNSUBSCRIBE", NULL, MANNER_FOR_EACH}, {"UNFOLLOW", NULL, MANNER_FOR_EACH},
    {"SHUTDOWN", NULL, MANNER_GOODBYE},      {"FETCH", NULL, MANNER_RECORDS},
    {"MFETCH", NULL, MANNER_PARTITIONS},     {"CONSUME", NULL, MANNER_PARTITIONS},
    {"TOPIC", "DESCRIBE", MANNER_SHEET},     {"GROUP", "EXPLAIN", MANNER_SENTENCES},
    {"GROUP", NULL, MANNER_SHEET},           {"CONFIG", "GET", MANNER_SHEET},
    {"HELLO", NULL, MANNER_SHEET},
};

static enum manner manner_of(const struct bytes *words, size_t count)
{
    for (size_t i = 0; i < COUNT_OF(manners); i++) {
        if (!bytes_is(words[0], manners[i].name))
            continue;
        if (manners[i].second == NULL || (count > 1 && bytes_is(words[1], manners[i].second)))
            return manners[i].manner;
    }
    return MANNER_REPLY;
}

/* A push that has a layout of its own: a line. */
static bool put_push(struct buf *out, const struct printer *p, const struct reply *push)
{
    if (p->form != PRINTER_TERMINAL)
        return false;
    return follow_print(out, push) || (p->tables && push_print(out, push));
}

static bool put_sentences(struct buf *text, const struct printer *p, const struct reply *reply)
{
    if (reply->kind != REPLY_ARRAY || reply->count == 0)
        return false;
    for (size_t i = 0; i < reply->count; i++) {
        text_append_wrapped(text, reply->items[i].text, 0, 0, p->style.width);
        buf_append_char(text, '\n');
    }
    return true;
}

/* What the manner has a layout for; false when the reply is not of that kind. */
static bool put_layout(struct buf *text, const struct printer *p, enum manner manner,
                       const struct bytes *words, size_t count, const struct reply *reply)
{
    if (p->form != PRINTER_TERMINAL)
        return false;
    if (reply->kind == REPLY_PUSH && put_push(text, p, reply))
        return true;
    if (manner == MANNER_FOLLOW)
        return follow_print(text, reply);
    if (!p->tables)
        return false;
    if (manner == MANNER_RECORDS && count > FETCH_PARTITION_WORD)
        return rows_print_records(text, &p->style, words[FETCH_PARTITION_WORD - 1],
                                  words[FETCH_PARTITION_WORD], reply);
    if (manner == MANNER_PARTITIONS)
        return rows_print_partitions(text, &p->style, reply);
    if (manner == MANNER_SENTENCES)
        return put_sentences(text, p, reply);
    return manner == MANNER_SHEET && sheet_print(text, &p->style, reply);
}

static void command_print(const struct reply *reply, enum manner manner, const struct bytes *words,
                          size_t count, const struct printer *p, FILE *to)
{
    struct buf text = {0};

    if (put_layout(&text, p, manner, words, count, reply))
        ;
    else if (manner == MANNER_DOCUMENT)
        printer_document(p, &text, reply);
    else
        printer_reply(p, &text, reply);
    text_write(buf_bytes(&text), to);
    fflush(to);
    buf_deinit(&text);
}

static void command_send(struct connection *c, const struct bytes *words, size_t count)
{
    connection_begin_command(c, count);
    for (size_t i = 0; i < count; i++)
        connection_add_word(c, words[i]);
}

/* How many replies end the command; of one that is confirmed by pushes, how many confirmations. */
static size_t reply_count(enum manner manner, size_t count, bool live)
{
    bool counts_words = manner == MANNER_FOR_EACH || (manner == MANNER_STREAM && live);

    return counts_words && count > 1 ? count - 1 : 1;
}

/* Whether a push is what the command waits for: it begins with the command's name. */
static bool confirms(const struct reply *push, struct bytes command)
{
    return push->count > 0 && !bytes_is_null(push->items[0].text) &&
           bytes_equal_nocase(push->items[0].text, command);
}

enum command_result command_run(struct connection *c, const struct bytes *words, size_t count,
                                const struct printer *printer, const struct command_watch *watch,
                                FILE *to)
{
    enum manner manner = manner_of(words, count);
    bool is_monitor = bytes_is(words[0], "MONITOR"); /* sends no pushes */
    bool streams = manner == MANNER_STREAM || manner == MANNER_FOLLOW;
    bool live = watch != NULL && watch->live;
    bool endless = streams && (!live || is_monitor);
    bool by_pushes = manner == MANNER_FOR_EACH || streams;
    size_t replies_left = reply_count(manner, count, live);

    command_send(c, words, count);
    if (endless && printer->form == PRINTER_TERMINAL)
        fputs("Reading messages... (press Ctrl-C to quit)\n", to);
    while (replies_left > 0) {
        struct reply *reply = NULL;
        enum connection_event event = connection_wait(c, -1, CONNECTION_FOREVER, &reply);

        if (event == CONNECTION_INTERRUPTED) {
            connection_close(c);
            return COMMAND_INTERRUPTED;
        }
        if (event != CONNECTION_REPLY)
            return manner == MANNER_GOODBYE ? COMMAND_OK : COMMAND_LOST;
        bool refused = reply->kind == REPLY_ERROR;
        bool is_push = reply->kind == REPLY_PUSH;
        bool counts = !is_push || (by_pushes && confirms(reply, words[0]));
        command_print(reply, manner, words, count, printer, to);
        if (is_push && live)
            watch->pushed(watch->ctx, reply);
        if (refused && watch != NULL)
            watch->refused(watch->ctx, reply->text);
        reply_free(reply);
        if (refused)
            return COMMAND_REFUSED;
        if (!endless && counts)
            replies_left--;
    }
    return COMMAND_OK;
}

void command_print_push(const struct printer *printer, struct buf *out, const struct reply *push)
{
    if (!put_push(out, printer, push))
        printer_reply(printer, out, push);
}
