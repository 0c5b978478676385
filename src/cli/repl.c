/* SPDX-License-Identifier: BSD-3-Clause */
/* The prompt. While a line is edited, Ctrl-C is a key (it drops the line, and on an empty line leaves);
 * while a command runs it is a signal, which gives the prompt back. */
#include "cli/repl.h"
#include "cli/command.h"
#include "cli/interrupt.h"
#include "cli/quoting.h"
#include <histedit.h>
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>

#define PROMPT_BYTES 320
#define PATH_BYTES_MAX 4096

struct repl {
    struct connection *connection;     /* borrowed */
    const struct printer *printer;     /* borrowed */
    EditLine *editor;                  /* owned */
    History *history;                  /* owned */
    char history_path[PATH_BYTES_MAX]; /* empty: none is kept */
    char prompt[PROMPT_BYTES];
    struct words words;
    bool transaction;  /* between MULTI and its end */
    bool line_dropped; /* the last line ended by Ctrl-C while there was text in it */
};

/* --- libedit -------------------------------------------------------------------------------------- */

static struct repl *repl_of(EditLine *editor)
{
    struct repl *r = NULL;

    el_get(editor, EL_CLIENTDATA, &r);
    return r;
}

static char *repl_prompt(EditLine *editor)
{
    struct repl *r = repl_of(editor);
    const struct connection_target *t = &r->connection->target;

    if (r->connection->fd < 0)
        snprintf(r->prompt, sizeof(r->prompt), "not connected> ");
    else
        snprintf(r->prompt, sizeof(r->prompt), "%s:%d%s> ", t->host, t->port,
                 r->transaction ? "(TX)" : "");
    return r->prompt;
}

static unsigned char repl_key_interrupt(EditLine *editor, wint_t key)
{
    const LineInfo *line = el_line(editor);

    (void)key;
    repl_of(editor)->line_dropped = line->lastchar > line->buffer;
    return CC_EOF;
}

static void repl_edit_init(struct repl *r)
{
    HistEvent event;

    r->editor = el_init("echolog-cli", stdin, stdout, stderr);
    r->history = history_init();
    history(r->history, &event, H_SETSIZE, REPL_HISTORY_LINES_MAX);
    history(r->history, &event, H_SETUNIQUE, 1);
    if (r->history_path[0] != '\0')
        history(r->history, &event, H_LOAD, r->history_path);
    el_set(r->editor, EL_CLIENTDATA, r);
    el_set(r->editor, EL_EDITOR, "emacs");
    el_set(r->editor, EL_SIGNAL, 1);
    el_set(r->editor, EL_PROMPT, repl_prompt);
    el_set(r->editor, EL_HIST, history, r->history);
    el_set(r->editor, EL_BIND, "^R", "em-inc-search-prev", NULL);
    el_set(r->editor, EL_BIND, "^W", "ed-delete-prev-word", NULL);
    el_source(r->editor, NULL);
    el_set(r->editor, EL_SETTY, "-d", "-isig", NULL);
    /* The wide form borrows the texts; the narrow one copies them and never frees the copies. */
    el_wset(r->editor, EL_ADDFN, L"repl-interrupt", L"drop the line, or leave", repl_key_interrupt);
    el_set(r->editor, EL_BIND, "^C", "repl-interrupt", NULL);
}

static void repl_edit_deinit(struct repl *r)
{
    history_end(r->history);
    el_end(r->editor);
}

static void repl_find_history(struct repl *r)
{
    const char *path = getenv(REPL_HISTORY_VARIABLE);
    const char *home = getenv("HOME");

    if (path != NULL)
        snprintf(r->history_path, sizeof(r->history_path), "%s", path);
    else if (home != NULL)
        snprintf(r->history_path, sizeof(r->history_path), "%s/" REPL_HISTORY_FILE, home);
}

/* Lines that hold a password are not kept. */
static bool repl_is_secret(const struct words *words)
{
    if (words->count < 2)
        return false;
    if (bytes_is(words->items[0], "AUTH") || bytes_is(words->items[0], "HELLO"))
        return words->count > (bytes_is(words->items[0], "AUTH") ? 1 : 2);
    return bytes_is(words->items[0], "ACL") && bytes_is(words->items[1], "SETUSER");
}

static void repl_remember(struct repl *r, const char *line)
{
    HistEvent event;

    if (repl_is_secret(&r->words))
        return;
    history(r->history, &event, H_ENTER, line);
    if (r->history_path[0] != '\0')
        history(r->history, &event, H_SAVE, r->history_path);
}

/* --- commands ------------------------------------------------------------------------------------- */

static void repl_help(void)
{
    fputs("echolog-cli " ECHOLOG_VERSION "\n"
          "Type a command with its arguments, for example:\n"
          "  PRODUCE news \"hello, world\"     write a record to the topic 'news'\n"
          "  FETCH news 0 EARLIEST           read partition 0 of 'news' from its start\n"
          "  SUBSCRIBE alerts                hear a channel until Ctrl-C\n"
          "  COMMAND DOCS PRODUCE            what a command does\n"
          "help, clear, and quit (or exit, Ctrl-D) are the prompt's own.\n",
          stdout);
}

/* Follows the state that the prompt shows. An AUTH that came late lets the protocol be set at last. */
static void repl_note_state(struct repl *r, enum command_result result)
{
    struct bytes word = r->words.items[0];

    if (result == COMMAND_OK && bytes_is(word, "AUTH") && !r->transaction &&
        connection_hello(r->connection) != ERR_OK)
        fprintf(stderr, "%s\n", r->connection->error);

    if (result == COMMAND_OK && bytes_is(word, "MULTI"))
        r->transaction = true;
    else if (bytes_is(word, "EXEC") || bytes_is(word, "DISCARD") || bytes_is(word, "RESET"))
        r->transaction = false;
    if (r->connection->fd < 0)
        r->transaction = false;
}

static void repl_connect(struct repl *r)
{
    r->transaction = false;
    connection_open_or_say(r->connection);
}

/* A command is never sent twice: when the connection is lost before its reply, the user decides. */
static void repl_command(struct repl *r)
{
    interrupt_clear(r->connection->interrupt_fd);
    if (!connection_alive(r->connection))
        repl_connect(r);
    if (r->connection->fd < 0)
        return;
    enum command_result result =
        command_run(r->connection, r->words.items, r->words.count, r->printer, stdout);
    if (result == COMMAND_INTERRUPTED)
        fputc('\n', stdout); /* behind the terminal's ^C */
    if (result == COMMAND_LOST)
        fprintf(stderr, "Error: %s; whether the command ran is not known\n", r->connection->error);
    if (result == COMMAND_LOST || result == COMMAND_INTERRUPTED) {
        interrupt_clear(r->connection->interrupt_fd);
        repl_connect(r);
    }
    repl_note_state(r, result);
}

/* False when the user wants to leave. */
static bool repl_line(struct repl *r, const char *line)
{
    if (!words_split(&r->words, bytes_of_string(line))) {
        fputs("Invalid argument(s)\n", stdout);
        return true;
    }
    if (r->words.count == 0)
        return true;
    repl_remember(r, line);
    struct bytes word = r->words.items[0];
    if (bytes_is(word, "quit") || bytes_is(word, "exit"))
        return false;
    if (bytes_is(word, "help") || bytes_is(word, "?"))
        repl_help();
    else if (bytes_is(word, "clear"))
        fputs("\033[H\033[2J", stdout);
    else
        repl_command(r);
    fflush(stdout);
    return true;
}

int repl_run(struct connection *c, const struct printer *printer)
{
    struct repl r = {.connection = c, .printer = printer};
    bool stay = true;

    repl_find_history(&r);
    repl_edit_init(&r);
    repl_connect(&r);
    while (stay) {
        int len = 0;

        r.line_dropped = false;
        const char *line = el_gets(r.editor, &len);
        if (line == NULL || len <= 0) {
            fputc('\n', stdout);
            stay = r.line_dropped;
        } else {
            stay = repl_line(&r, line);
        }
    }
    repl_edit_deinit(&r);
    words_deinit(&r.words);
    return 0;
}
