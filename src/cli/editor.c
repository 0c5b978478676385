/* SPDX-License-Identifier: BSD-3-Clause */
/* While a line is edited, Ctrl-C is a key: it drops the line, and on an empty line leaves. Between two lines it is a signal, with which
 * the terminal has thrown away what was typed. */
#include "cli/editor.h"
#include "base/mem.h"
#include "cli/interrupt.h"
#include "cli/table.h"
#include "cli/text.h"
#include <errno.h>
#include <histedit.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#define COLUMNS_DEFAULT 80
#define CTRL_C 3
/* Colours inside of a prompt: libedit does not count what stands between two of these. */
#define PROMPT_ESCAPE 1
#define FAINT "\001\033[2m\001"
#define PLAIN "\001\033[0m\001"

struct editor {
    const struct editor_ops *ops; /* borrowed */
    void *ctx;                    /* borrowed */
    const char *history_path;     /* borrowed */
    EditLine *edit;               /* owned */
    History *history;             /* owned */
    bool has_hints;
    bool entered;     /* the line is done: no more hints in it */
    bool dropped;     /* the last line ended by Ctrl-C while there was text in it */
    bool signalled;   /* Ctrl-C came as a signal */
    int interrupt_fd; /* borrowed */
    struct buf hint;
};

static struct editor *editor_of(EditLine *edit)
{
    struct editor *e = NULL;

    el_get(edit, EL_CLIENTDATA, &e);
    return e;
}

static size_t terminal_columns(void)
{
    struct winsize size = {0};

    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return COLUMNS_DEFAULT;
    return size.ws_col;
}

/* The line up to the cursor. */
static struct bytes line_now(EditLine *edit)
{
    const LineInfo *line = el_line(edit);

    return bytes_of(line->buffer, (size_t)(line->cursor - line->buffer));
}

static char *put_prompt(EditLine *edit)
{
    struct editor *e = editor_of(edit);

    return (char *)(uintptr_t)e->ops->prompt(e->ctx); /* libedit only reads it */
}

/* --- the hint ------------------------------------------------------------------------------------- */

/* At the right of the line, cut to the room that is left: libedit leaves out one that does not fit. */
static char *put_hint(EditLine *edit)
{
    struct editor *e = editor_of(edit);
    const LineInfo *line = el_line(edit);
    struct buf text = {0};

    buf_clear(&e->hint);
    if (!e->entered && line->cursor == line->lastchar)
        e->ops->hint(e->ctx, line_now(edit), &text);
    size_t used = text_width(line_now(edit)) + text_width(bytes_of_string(e->ops->prompt(e->ctx))) +
                  TABLE_GAP;
    size_t columns = terminal_columns();
    if (text.len > 0 && columns > used + EDITOR_HINT_COLUMNS_MIN) {
        struct bytes shown = text_fitting(buf_bytes(&text), columns - used - 1);

        buf_append_string(&e->hint, FAINT);
        buf_append_bytes(&e->hint, shown);
        buf_append_string(&e->hint, PLAIN);
    }
    buf_append_char(&e->hint, '\0');
    buf_deinit(&text);
    return e->hint.data;
}

/* --- Tab ------------------------------------------------------------------------------------------ */

/* In columns, as wide as the widest. */
static void print_candidates(const struct completion *c)
{
    size_t width = 0, columns = terminal_columns();

    for (size_t i = 0; i < c->count; i++) {
        size_t own = text_width(bytes_of_string(c->items[i])) + TABLE_GAP;

        width = own > width ? own : width;
    }
    size_t across = columns / width > 0 ? columns / width : 1;
    size_t down = (c->count + across - 1) / across;
    fputc('\n', stdout);
    for (size_t row = 0; row < down; row++) {
        for (size_t i = row; i < c->count; i += down)
            printf("%s%*s", c->items[i],
                   i + down < c->count ? (int)(width - text_width(bytes_of_string(c->items[i])))
                                       : 0,
                   "");
        fputc('\n', stdout);
    }
    fflush(stdout);
}

static unsigned char key_complete(EditLine *edit, wint_t key)
{
    struct editor *e = editor_of(edit);
    struct completion c = {0};
    unsigned char then = CC_ERROR; /* beeps */

    (void)key;
    e->ops->complete(e->ctx, line_now(edit), &c);
    if (c.count > 0 && (c.count == 1 || c.common > c.word.len)) {
        struct buf text = {0};

        buf_append(&text, c.items[0], c.common);
        buf_append_string(&text, c.count == 1 ? " " : "");
        buf_append_char(&text, '\0');
        el_deletestr(edit, (int)text_width(c.word));
        el_insertstr(edit, text.data);
        buf_deinit(&text);
        then = CC_REFRESH;
    } else if (c.count > 1) {
        print_candidates(&c);
        then = CC_REDISPLAY;
    }
    completion_deinit(&c);
    return then;
}

/* The line is drawn once more, without its hint, before it ends: what is pushed is bound to its end. */
static unsigned char end_without_hint(EditLine *edit, const wchar_t *then)
{
    editor_of(edit)->entered = true;
    el_wpush(edit, then);
    return CC_REFRESH;
}

static unsigned char key_enter(EditLine *edit, wint_t key)
{
    (void)key;
    return end_without_hint(edit, L"\035");
}

static unsigned char key_interrupt(EditLine *edit, wint_t key)
{
    const LineInfo *line = el_line(edit);

    (void)key;
    if (!editor_of(edit)->entered)
        return end_without_hint(edit, L"\003");
    editor_of(edit)->dropped = line->lastchar > line->buffer || editor_of(edit)->signalled;
    return CC_EOF;
}

/* --- reading -------------------------------------------------------------------------------------- */

/* How many rows the cursor is below the prompt's. A line from the history may hold ends of lines. */
static size_t rows_above(struct editor *e)
{
    size_t columns = terminal_columns(), rows = 0;
    size_t at = text_width(bytes_of_string(e->ops->prompt(e->ctx)));
    struct bytes rest = line_now(e->edit);

    for (;;) {
        const char *end = rest.len > 0 ? memchr(rest.data, '\n', rest.len) : NULL;
        size_t len = end == NULL ? rest.len : (size_t)(end - rest.data);

        at += text_width(bytes_of(rest.data, len));
        rows += at / columns;
        if (end == NULL)
            return rows;
        rest = bytes_of(end + 1, rest.len - len - 1);
        rows++;
        at = 0;
    }
}

/* Takes the line off the screen, puts `above` in its place and draws it anew below. */
static void redraw(struct editor *e, struct bytes above)
{
    size_t rows = rows_above(e);

    if (rows > 0)
        printf("\033[%zuA", rows);
    fputs("\r\033[J", stdout);
    text_write(above, stdout);
    fflush(stdout);
    el_set(e->edit, EL_REFRESH);
}

static void show_above(struct editor *e)
{
    struct buf shown = {0};

    e->ops->readable(e->ctx, &shown);
    if (shown.len > 0)
        redraw(e, buf_bytes(&shown));
    buf_deinit(&shown);
}

/* libedit puts a character at the end of the line without a look at the prompts: draws the line if the hint has
 * become another one. */
static void renew_hint(struct editor *e)
{
    struct buf shown = {0};

    buf_append_bytes(&shown, buf_bytes(&e->hint));
    put_hint(e->edit);
    if (e->has_hints && !bytes_equal(buf_bytes(&shown), buf_bytes(&e->hint)))
        redraw(e, BYTES_LITERAL(""));
    buf_deinit(&shown);
}

static bool is_typed_ahead(void)
{
    struct pollfd typed = {.fd = STDIN_FILENO, .events = POLLIN};

    return poll(&typed, 1, 0) > 0;
}

/* Waits for a byte of the user's, and meanwhile serves the other descriptor. False at the end. */
static bool wait_for_key(struct editor *e)
{
    if (!interrupt_pending(e->interrupt_fd) && is_typed_ahead())
        return true;
    renew_hint(e);
    if (e->ops->watched(e->ctx) >= 0)
        show_above(e); /* what came with the last reply is in no descriptor any more */
    for (;;) {
        struct pollfd polled[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                                  {.fd = e->ops->watched(e->ctx), .events = POLLIN},
                                  {.fd = e->interrupt_fd, .events = POLLIN}};
        int ready = poll(polled, COUNT_OF(polled), -1);

        if (ready < 0 && errno != EINTR)
            return false;
        if (ready > 0 && polled[2].revents != 0) {
            interrupt_clear(e->interrupt_fd);
            e->signalled = true;
            return true;
        }
        if (ready > 0 && polled[1].revents != 0)
            show_above(e);
        if (ready > 0 && polled[0].revents != 0)
            return true;
        if (ready < 0)
            redraw(e, BYTES_LITERAL("")); /* the window has another size */
    }
}

static int read_byte(char *byte)
{
    ssize_t got;

    do
        got = read(STDIN_FILENO, byte, 1);
    while (got < 0 && errno == EINTR);
    return (int)got;
}

/* What libedit reads its characters with. */
static int get_character(EditLine *edit, wchar_t *character)
{
    struct editor *e = editor_of(edit);
    mbstate_t state = {0};
    char byte;

    if (!wait_for_key(e))
        return -1;
    if (e->signalled) {
        *character = CTRL_C;
        return 1;
    }
    for (;;) {
        int got = read_byte(&byte);

        if (got <= 0)
            return got;
        size_t len = mbrtowc(character, &byte, 1, &state);
        if (len == (size_t)-2)
            continue; /* the rest of it follows */
        if (len == (size_t)-1)
            *character = (unsigned char)byte;
        return 1;
    }
}

enum editor_end editor_read(struct editor *e, const char **line)
{
    int len = 0;

    e->entered = e->dropped = e->signalled = false;
    *line = el_gets(e->edit, &len);
    if (*line != NULL && len > 0)
        return EDITOR_LINE;
    return e->dropped ? EDITOR_DROPPED : EDITOR_END;
}

/* --- life ----------------------------------------------------------------------------------------- */

static void bind_keys(struct editor *e)
{
    el_set(e->edit, EL_BIND, "^R", "em-inc-search-prev", NULL);
    el_set(e->edit, EL_BIND, "^W", "ed-delete-prev-word", NULL);
    /* What terminals send for the arrows with Control or Alt. */
    el_set(e->edit, EL_BIND, "\033[1;5D", "ed-prev-word", NULL);
    el_set(e->edit, EL_BIND, "\033[1;3D", "ed-prev-word", NULL);
    el_set(e->edit, EL_BIND, "\033[1;5C", "em-next-word", NULL);
    el_set(e->edit, EL_BIND, "\033[1;3C", "em-next-word", NULL);
    el_source(e->edit, NULL);
    el_set(e->edit, EL_SETTY, "-d", "-isig", NULL);
    /* Between two lines the terminal keeps what is typed, as in quiet.h: */
    el_set(e->edit, EL_SETTY, "-x", "-echo", "-icanon", NULL);
    /* The wide form borrows the texts; the narrow one copies them and never frees the copies. */
    el_wset(e->edit, EL_ADDFN, L"repl-interrupt", L"drop the line, or leave", key_interrupt);
    el_set(e->edit, EL_BIND, "^C", "repl-interrupt", NULL);
    el_wset(e->edit, EL_ADDFN, L"repl-enter", L"the line is done", key_enter);
    el_set(e->edit, EL_BIND, "^M", "repl-enter", NULL);
    el_set(e->edit, EL_BIND, "^J", "repl-enter", NULL);
    el_set(e->edit, EL_BIND, "^]", "ed-newline", NULL); /* what repl-enter pushes */
    el_wset(e->edit, EL_ADDFN, L"repl-complete", L"complete the word", key_complete);
    el_set(e->edit, EL_BIND, "^I", "repl-complete", NULL);
}

struct editor *editor_create(const struct editor_ops *ops, void *ctx, const char *history_path,
                             int interrupt_fd, bool hints)
{
    struct editor *e = mem_zalloc(1, sizeof(*e));
    HistEvent event;

    e->ops = ops;
    e->ctx = ctx;
    e->history_path = history_path;
    e->interrupt_fd = interrupt_fd;
    e->edit = el_init("echolog-cli", stdin, stdout, stderr);
    e->history = history_init();
    history(e->history, &event, H_SETSIZE, EDITOR_HISTORY_LINES_MAX);
    history(e->history, &event, H_SETUNIQUE, 1);
    if (history_path[0] != '\0')
        history(e->history, &event, H_LOAD, history_path);
    el_set(e->edit, EL_CLIENTDATA, e);
    el_set(e->edit, EL_EDITOR, "emacs");
    el_set(e->edit, EL_SIGNAL, 1);
    el_set(e->edit, EL_PROMPT, put_prompt);
    e->has_hints = hints;
    if (hints)
        el_set(e->edit, EL_RPROMPT_ESC, put_hint, PROMPT_ESCAPE);
    el_set(e->edit, EL_HIST, history, e->history);
    el_wset(e->edit, EL_GETCFN, get_character);
    bind_keys(e);
    return e;
}

void editor_destroy(struct editor *e)
{
    history_end(e->history);
    el_end(e->edit);
    buf_deinit(&e->hint);
    mem_free(e);
}

void editor_remember(struct editor *e, const char *line)
{
    HistEvent event;

    history(e->history, &event, H_ENTER, line);
    if (e->history_path[0] != '\0')
        history(e->history, &event, H_SAVE, e->history_path);
}
