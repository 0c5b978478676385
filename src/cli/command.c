/* SPDX-License-Identifier: BSD-3-Clause */
/* One command. What is special about a command on the client's side is in one table. */
#include "cli/command.h"
#include "cli/follow_print.h"

enum manner {
    MANNER_REPLY,    /* one reply */
    MANNER_DOCUMENT, /* one reply, made for reading as it is */
    MANNER_STREAM,   /* messages until the user stops it */
    MANNER_FOLLOW,   /* the same; what comes has a form of its own */
    MANNER_FOR_EACH, /* a reply for each argument, in RESP3 as pushes */
    MANNER_GOODBYE,  /* a closed connection is the answer */
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
    {"SHUTDOWN", NULL, MANNER_GOODBYE},
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

static void command_print(const struct reply *reply, enum manner manner, enum printer_form form,
                          FILE *to)
{
    struct buf text = {0};
    bool line = manner == MANNER_FOLLOW && form == PRINTER_TERMINAL && follow_print(&text, reply);

    if (manner == MANNER_DOCUMENT)
        printer_document(&text, reply, form);
    else if (!line)
        printer_reply(&text, reply, form);
    fwrite(text.data, 1, text.len, to);
    fflush(to);
    buf_deinit(&text);
}

static void command_send(struct connection *c, const struct bytes *words, size_t count)
{
    connection_begin_command(c, count);
    for (size_t i = 0; i < count; i++)
        connection_add_word(c, words[i]);
}

enum command_result command_run(struct connection *c, const struct bytes *words, size_t count,
                                enum printer_form form, FILE *to)
{
    enum manner manner = manner_of(words, count);
    bool endless = manner == MANNER_STREAM || manner == MANNER_FOLLOW;
    size_t replies_left = manner == MANNER_FOR_EACH && count > 1 ? count - 1 : 1;

    command_send(c, words, count);
    if (endless && form == PRINTER_TERMINAL)
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
        bool unasked = reply->kind == REPLY_PUSH && manner != MANNER_FOR_EACH;
        command_print(reply, manner, form, to);
        reply_free(reply);
        if (refused)
            return COMMAND_REFUSED;
        if (!endless && !unasked)
            replies_left--;
    }
    return COMMAND_OK;
}
