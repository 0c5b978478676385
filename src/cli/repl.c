/* SPDX-License-Identifier: BSD-3-Clause */
/* While a command runs, Ctrl-C is a signal, which gives the prompt back. Documentation and names for hints and Tab come
 * over a connection of their own, so that they disturb neither a transaction nor what is being waited for. */
#include "cli/repl.h"
#include "base/mem.h"
#include "base/num.h"
#include "cli/command.h"
#include "cli/editor.h"
#include "cli/help.h"
#include "cli/interrupt.h"
#include "cli/quoting.h"
#include "cli/secrets.h"
#include "cli/subscriptions.h"
#include "cli/text.h"
#include "cli/typed.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define PROMPT_BYTES 400
#define PATH_BYTES_MAX 4096
#define ASIDE_WAIT_MS 1000 /* for an answer that Tab or a hint waits for */

struct repl {
    struct connection *connection; /* borrowed */
    struct printer printer;        /* its width is that of the terminal by now */
    struct connection aside;       /* for documentation and names */
    struct docs docs;
    bool docs_asked; /* over this connection to the server */
    struct subscriptions subscriptions;
    char *host;                        /* owned: of the last "connect"; NULL: as at the start */
    char *user, *password;             /* owned: of the last AUTH; NULL: as at the start */
    struct editor *editor;             /* owned */
    char history_path[PATH_BYTES_MAX]; /* empty: none is kept */
    char prompt[PROMPT_BYTES];
    struct words words;
    struct buf typed; /* the lines of a command whose quote is not closed yet */
    bool transaction; /* between MULTI and its end */
};

/* --- connections ---------------------------------------------------------------------------------- */

static void note_push(void *ctx, const struct reply *push)
{
    struct repl *r = ctx;

    subscriptions_note(&r->subscriptions, push);
}

static void repl_connect(struct repl *r)
{
    struct connection *c = r->connection;

    r->transaction = false;
    r->docs_asked = false;
    connection_close(&r->aside);
    if (!connection_open_or_say(c))
        return;
    /* What is confirmed, or refused, comes as it will. */
    (void)subscriptions_ask(&r->subscriptions, c);
}

/* An answer over the connection at the side; NULL when there is none in time. The caller's. */
static struct reply *ask_aside(struct repl *r, const char *const *words, size_t count)
{
    struct reply *reply = NULL;

    if (r->connection->fd < 0)
        return NULL;
    r->aside.target = r->connection->target;
    if (r->aside.fd < 0 && connection_open(&r->aside) != ERR_OK)
        return NULL;
    connection_begin_command(&r->aside, count);
    for (size_t i = 0; i < count; i++)
        connection_add_string(&r->aside, words[i]);
    if (connection_wait(&r->aside, -1, ASIDE_WAIT_MS, &reply) == CONNECTION_REPLY)
        return reply;
    connection_close(&r->aside); /* an answer that comes late must not be taken for another */
    return NULL;
}

static void need_docs(struct repl *r)
{
    static const char *const words[] = {"COMMAND", "DOCS"};

    if (r->docs_asked)
        return;
    struct reply *reply = ask_aside(r, words, COUNT_OF(words));
    r->docs_asked = reply != NULL;
    if (reply != NULL)
        docs_set(&r->docs, reply);
}

/* --- what the editor asks ------------------------------------------------------------------------- */

static void put_prompt(struct repl *r)
{
    const struct connection_target *t = &r->connection->target;
    char listening[48] = "", target[CONNECTION_ERROR_BYTES / 2];

    if (r->connection->fd < 0) {
        snprintf(r->prompt, sizeof(r->prompt), "not connected> ");
        return;
    }
    if (r->subscriptions.count > 0)
        snprintf(listening, sizeof(listening), "(listening to %zu)", r->subscriptions.count);
    connection_say_target(t, target, sizeof(target));
    snprintf(r->prompt, sizeof(r->prompt), "%s%s%s%s%s> ", t->user != NULL ? t->user : "",
             t->user != NULL ? "@" : "", target, r->transaction ? "(TX)" : "", listening);
}

/* Behind an open quote: that quote, and as wide as the prompt of the first line. */
static void put_prompt_going_on(struct repl *r)
{
    size_t len = strlen(r->prompt);

    memset(r->prompt, ' ', len);
    r->prompt[len - 3] = words_open_quote(buf_bytes(&r->typed));
    r->prompt[len - 2] = '>';
}

static const char *repl_prompt(void *ctx)
{
    struct repl *r = ctx;

    put_prompt(r);
    if (r->typed.len > 0)
        put_prompt_going_on(r);
    return r->prompt;
}

static void repl_hint(void *ctx, struct bytes line, struct buf *hint)
{
    struct repl *r = ctx;
    struct words words = {0};
    struct typed t;
    bool ends_word = line.len > 0 && line.data[line.len - 1] == ' ';

    if (r->typed.len > 0) {
        if (line.len == 0)
            buf_printf(hint, "goes on until the %c is closed; Ctrl-C drops it",
                       words_open_quote(buf_bytes(&r->typed)));
        return;
    }
    if (line.len == 0)
        return;
    need_docs(r);
    if (words_split(&words, line) && words.count > 0) {
        /* The last word is still being typed, unless it is the command's name. */
        size_t whole = ends_word ? words.count : words.count - 1;

        typed_read(&t, &r->docs, words.items, whole > 0 ? whole : words.count);
        typed_append_hint(&t, hint);
    }
    words_deinit(&words);
}

static void offer_items(struct completion *c, const struct reply *reply)
{
    size_t step = reply->kind == REPLY_MAP ? 2 : 1;

    for (size_t i = 0; i < reply->count; i += step)
        if (reply->items[i].kind == REPLY_BULK)
            completion_offer(c, reply->items[i].text);
}

static void repl_names(void *ctx, enum complete_names kind, struct completion *c)
{
    static const struct {
        const char *words[3];
        size_t count;
    } questions[] = {
        [COMPLETE_TOPICS] = {{"TOPIC", "LIST"}, 2},
        [COMPLETE_GROUPS] = {{"GROUP", "LIST"}, 2},
        [COMPLETE_CHANNELS] = {{"PUBSUB", "CHANNELS"}, 2},
        [COMPLETE_DIRECTIVES] = {{"CONFIG", "GET", "*"}, 3},
    };
    struct reply *reply = ask_aside(ctx, questions[kind].words, questions[kind].count);

    if (reply != NULL)
        offer_items(c, reply);
    reply_free(reply);
}

static void repl_complete(void *ctx, struct bytes line, struct completion *c)
{
    struct repl *r = ctx;

    need_docs(r);
    /* Inside of a quote there is nothing to complete. */
    complete(c, &r->docs, r->typed.len > 0 ? BYTES_LITERAL("\"") : line, repl_names, r);
}

static int repl_watched(void *ctx)
{
    const struct repl *r = ctx;

    return r->connection->fd;
}

/* Something came by itself: a push, or the end of the connection. */
static void repl_readable(void *ctx, struct buf *shown)
{
    struct repl *r = ctx;
    struct reply *reply = NULL;
    enum connection_event event;

    while ((event = connection_wait(r->connection, -1, 0, &reply)) == CONNECTION_REPLY) {
        command_print_push(&r->printer, shown, reply);
        subscriptions_note(&r->subscriptions, reply);
        reply_free(reply);
    }
    if (event != CONNECTION_LOST)
        return;
    struct buf text = {0};
    buf_printf(&text, "%s; the next command connects again", r->connection->error);
    style_append(shown, &r->printer.style, STYLE_ERROR, buf_bytes(&text));
    buf_append_char(shown, '\n');
    buf_deinit(&text);
    r->transaction = false;
}

static const struct editor_ops editor_ops = {
    .prompt = repl_prompt,
    .hint = repl_hint,
    .complete = repl_complete,
    .watched = repl_watched,
    .readable = repl_readable,
};

/* --- history -------------------------------------------------------------------------------------- */

static void repl_find_history(struct repl *r)
{
    const char *path = getenv(REPL_HISTORY_VARIABLE);
    const char *home = getenv("HOME");

    if (path != NULL)
        snprintf(r->history_path, sizeof(r->history_path), "%s", path);
    else if (home != NULL)
        snprintf(r->history_path, sizeof(r->history_path), "%s/" REPL_HISTORY_FILE, home);
}

/* --- what the session is, for the prompt and for the next connection ------------------------------------ */

static void note_user(struct repl *r, struct bytes user, struct bytes password)
{
    struct connection_target *t = &r->connection->target;

    mem_free(r->user);
    mem_free(r->password);
    r->user = bytes_is_null(user) ? NULL : mem_strndup(user.data, user.len);
    r->password = mem_strndup(password.data, password.len);
    t->user = r->user;
    t->password = r->password;
    connection_close(&r->aside);
    r->docs_asked = false;
}

/* HELLO [protover [AUTH user password] [SETNAME name]] */
static void note_hello(struct repl *r)
{
    const struct words *w = &r->words;

    if (w->count > 1)
        r->connection->target.proto = bytes_is(w->items[1], "3") ? 3 : 2;
    for (size_t i = 2; i + 2 < w->count; i++)
        if (bytes_is(w->items[i], "AUTH"))
            note_user(r, w->items[i + 1], w->items[i + 2]);
}

static void note_auth(struct repl *r)
{
    const struct words *w = &r->words;

    if (w->count == 2)
        note_user(r, BYTES_NULL, w->items[1]);
    else if (w->count == 3)
        note_user(r, w->items[1], w->items[2]);
    /* One that came late lets the protocol be set at last. */
    if (!r->transaction && connection_hello(r->connection) != ERR_OK)
        fprintf(stderr, "%s\n", r->connection->error);
}

static void repl_note_state(struct repl *r, enum command_result result)
{
    struct bytes word = r->words.items[0];

    if (bytes_is(word, "EXEC") || bytes_is(word, "DISCARD") || bytes_is(word, "RESET") ||
        r->connection->fd < 0)
        r->transaction = false;
    if (result != COMMAND_OK)
        return;
    if (bytes_is(word, "AUTH"))
        note_auth(r);
    else if (bytes_is(word, "HELLO"))
        note_hello(r);
    else if (bytes_is(word, "MULTI"))
        r->transaction = true;
    else if (bytes_is(word, "RESET"))
        subscriptions_clear(&r->subscriptions);
}

/* --- commands ------------------------------------------------------------------------------------- */

static void print_duration(const struct repl *r, int64_t ms)
{
    struct buf text = {0}, line = {0};

    buf_printf(&text, "(%lld.%02llds)", (long long)(ms / 1000), (long long)(ms % 1000 / 10));
    style_append(&line, &r->printer.style, STYLE_FAINT, buf_bytes(&text));
    buf_append_char(&line, '\n');
    text_write(buf_bytes(&line), stdout);
    buf_deinit(&text);
    buf_deinit(&line);
}

static void explain_refusal(void *ctx, struct bytes error)
{
    struct repl *r = ctx;
    struct buf text = {0};

    if (!r->printer.tables)
        return;
    need_docs(r);
    help_explain(&text, &r->printer.style, &r->docs, r->words.items, r->words.count, error);
    text_write(buf_bytes(&text), stdout);
    buf_deinit(&text);
}

/* In RESP2 a subscription takes the connection until Ctrl-C. */
static enum command_result repl_send(struct repl *r)
{
    const struct command_watch watch = {.live = r->connection->target.proto == 3,
                                        .pushed = note_push,
                                        .refused = explain_refusal,
                                        .ctx = r};

    return command_run(r->connection, r->words.items, r->words.count, &r->printer, &watch, stdout);
}

/* A command is never sent twice: when the connection is lost before its reply, the user decides. Whether it went well. */
static bool repl_command(struct repl *r)
{
    interrupt_clear(r->connection->interrupt_fd);
    if (!connection_alive(r->connection))
        repl_connect(r);
    if (r->connection->fd < 0)
        return false;
    int64_t began_ms = connection_now_ms();
    enum command_result result = repl_send(r);
    if (result == COMMAND_INTERRUPTED)
        fputs("^C\n", stdout); /* the terminal echoes nothing */
    else if (connection_now_ms() - began_ms >= REPL_SLOW_MS)
        print_duration(r, connection_now_ms() - began_ms);
    if (result == COMMAND_LOST)
        fprintf(stderr, "Error: %s; whether the command ran is not known\n", r->connection->error);
    if (result == COMMAND_LOST || result == COMMAND_INTERRUPTED) {
        interrupt_clear(r->connection->interrupt_fd);
        repl_connect(r);
    }
    repl_note_state(r, result);
    return result == COMMAND_OK;
}

/* "5 PING" is PING five times, as long as it goes well. Returns 5, and leaves PING. */
static int64_t take_count(struct words *words)
{
    int64_t count;

    if (words->count < 2 || !num_parse_i64(words->items[0], &count) || count < 1)
        return 1;
    memmove(words->items, words->items + 1, --words->count * sizeof(*words->items));
    return count;
}

/* connect host [port] */
static void repl_go_to(struct repl *r)
{
    struct connection_target *t = &r->connection->target;
    int64_t port = t->port;

    if (r->words.count < 2 || r->words.count > 3 ||
        (r->words.count == 3 &&
         (!num_parse_i64(r->words.items[2], &port) || port < 1 || port > 65535))) {
        fputs("connect host [port]\n", stdout);
        return;
    }
    connection_close(r->connection);
    subscriptions_clear(&r->subscriptions);
    mem_free(r->host);
    r->host = mem_strndup(r->words.items[1].data, r->words.items[1].len);
    t->host = r->host;
    t->port = (int)port;
    t->socket = NULL;
    repl_connect(r);
}

static void repl_help(struct repl *r)
{
    struct buf text = {0};

    need_docs(r);
    help_append(&text, &r->printer.style, &r->docs, r->words.items + 1, r->words.count - 1);
    text_write(buf_bytes(&text), stdout);
    buf_deinit(&text);
}

/* False when the user wants to leave. */
static bool repl_do(struct repl *r)
{
    struct bytes word = r->words.items[0];

    if (bytes_is(word, "quit") || bytes_is(word, "exit"))
        return false;
    if (bytes_is(word, "help") || bytes_is(word, "?")) {
        repl_help(r);
    } else if (bytes_is(word, "clear")) {
        fputs("\033[H\033[2J", stdout);
    } else if (bytes_is(word, "connect")) {
        repl_go_to(r);
    } else {
        int64_t count = take_count(&r->words);

        while (count-- > 0 && repl_command(r))
            ;
    }
    return true;
}

/* A command as it was typed. False when the user wants to leave. */
static bool repl_typed(struct repl *r)
{
    if (!words_split(&r->words, buf_bytes(&r->typed))) {
        fputs("Invalid argument(s): blanks have to follow a closed quote\n", stdout);
        return true;
    }
    if (r->words.count == 0)
        return true;
    if (r->printer.tables)
        r->printer.style = style_of_terminal(STDOUT_FILENO);
    if (!secrets_in(r->words.items, r->words.count)) {
        buf_append_char(&r->typed, '\0');
        editor_remember(r->editor, r->typed.data);
    }
    bool stay = repl_do(r);
    fflush(stdout);
    return stay;
}

/* A quote that is open at the end of the line goes on in the next one. */
static bool repl_line(struct repl *r, const char *line)
{
    buf_append_string(&r->typed, line);
    if (words_open_quote(buf_bytes(&r->typed)) != '\0')
        return true;
    bool stay = repl_typed(r);
    buf_clear(&r->typed);
    return stay;
}

/* Ctrl-C, or an end in place of a line. What was typed of a command is dropped, else it is time to leave. */
static bool repl_no_line(struct repl *r, enum editor_end end)
{
    bool stay = end == EDITOR_DROPPED || r->typed.len > 0;

    fputc('\n', stdout);
    buf_clear(&r->typed);
    return stay;
}

int repl_run(struct connection *c, const struct printer *printer)
{
    struct repl r = {.connection = c, .printer = *printer};
    const char *line = NULL;
    bool stay = true;

    connection_init(&r.aside, &c->target, c->interrupt_fd);
    repl_find_history(&r);
    r.editor = editor_create(&editor_ops, &r, r.history_path, c->interrupt_fd, printer->tables);
    repl_connect(&r);
    if (c->fd < 0)
        fputs("Is it running? echolog-server starts one. The next command tries again.\n", stderr);
    while (stay) {
        enum editor_end end = editor_read(r.editor, &line);

        stay = end == EDITOR_LINE ? repl_line(&r, line) : repl_no_line(&r, end);
    }
    editor_destroy(r.editor);
    connection_close(&r.aside);
    docs_deinit(&r.docs);
    subscriptions_clear(&r.subscriptions);
    words_deinit(&r.words);
    buf_deinit(&r.typed);
    mem_free(r.host);
    mem_free(r.user);
    mem_free(r.password);
    return 0;
}
