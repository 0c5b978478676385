/* SPDX-License-Identifier: BSD-3-Clause */
/* A round asks for the groups and then for the lag of each. A group that is named and not there is an error;
 * one that is watched has a row without numbers then. */
#include "cli/tool_lag.h"
#include "base/mem.h"
#include "cli/interrupt.h"
#include "cli/listing.h"
#include "cli/moment.h"
#include "cli/quiet.h"
#include "cli/sparkline.h"
#include "cli/table.h"
#include "cli/text.h"
#include <time.h>
#include <unistd.h>

#define NOTHING "-"
#define UNKNOWN (-1)
#define SCREEN_BEGIN "\033[?25l\033[2J" /* hides the cursor, clears */
#define SCREEN_END "\033[?25h"
#define SCREEN_HOME "\033[H"
#define LINE_REST "\033[K"
#define SCREEN_REST "\033[J"

/* What is known of a group, from round to round. */
struct lag_group {
    char *name;     /* owned */
    int64_t lag;    /* records; UNKNOWN: it is not there */
    int64_t before; /* in the round before; UNKNOWN */
    int64_t worst;  /* of one partition */
    int64_t ms;     /* how long the oldest of them has waited; UNKNOWN */
    struct sparkline history;
    bool seen; /* in this round */
};

struct lag {
    struct tool *tool;                 /* borrowed */
    const struct lag_options *options; /* borrowed */
    struct lag_group *groups;          /* owned; in the order in which they were met */
    size_t count;
    int keys_fd; /* borrowed; -1: no live table */
    bool stop;
};

static const char help_text[] =
    "Usage: echolog-cli [options] lag [--group name] [--watch] [...]\n"
    "\n"
    "Prints how many records groups have still to read. On a terminal --watch shows a table that\n"
    "changes, with a line of bars for what went before; q or Ctrl-C ends it. Otherwise each round "
    "is a\n"
    "line per group: time, group, lag, lag of the worst partition, and for how many milliseconds "
    "the\n"
    "oldest unread record has waited, with tabs between; - is what is not known. With --json in "
    "front\n"
    "each is a line of JSON, with --csv one of CSV.\n"
    "\n"
    "  --group name          this group; may come several times (default: all)\n"
    "  --watch               again and again\n"
    "  --interval seconds    how often (default 2; 0.5 is possible)\n"
    "  --rounds n            with --watch: stop after so many\n"
    "  --help                this text\n";

/* --- options -------------------------------------------------------------------------------------- */

bool lag_options_parse(struct lag_options *o, int argc, char *const *argv,
                       char why[FLAGS_WHY_BYTES])
{
    const struct flag flags[] = {
        {.name = "--group", .list = &o->groups},
        {.name = "--watch", .set = &o->watch},
        {.name = "--interval", .micros = &o->interval_us},
        {.name = "--rounds", .number = &o->rounds, .number_min = 1, .number_max = INT32_MAX},
        {.name = "--help", .set = &o->help},
    };

    *o = (struct lag_options){.interval_us = LAG_INTERVAL_US_DEFAULT};
    if (!tool_flags(flags, COUNT_OF(flags), argc, argv, why))
        return false;
    if (!o->help && o->rounds > 0 && !o->watch) {
        snprintf(why, FLAGS_WHY_BYTES, "--rounds goes with --watch");
        return false;
    }
    return true;
}

/* --- a round -------------------------------------------------------------------------------------- */

static struct lag_group *lag_group_of(struct lag *l, struct bytes name)
{
    for (size_t i = 0; i < l->count; i++)
        if (bytes_equal(bytes_of_string(l->groups[i].name), name))
            return &l->groups[i];
    l->groups = mem_realloc(l->groups, (l->count + 1) * sizeof(*l->groups));
    l->groups[l->count] =
        (struct lag_group){.name = mem_strndup(name.data, name.len), .lag = UNKNOWN};
    return &l->groups[l->count++];
}

static void lag_ask_group(struct lag *l, struct bytes name)
{
    struct tool *t = l->tool;
    struct lag_group *g = lag_group_of(l, name);

    connection_begin_command(t->connection, 3);
    connection_add_string(t->connection, "GROUP");
    connection_add_string(t->connection, "LAG");
    connection_add_word(t->connection, name);
    struct reply *reply = tool_ask(t);
    if (reply == NULL)
        return;
    g->seen = true;
    g->before = g->lag;
    g->lag = g->worst = g->ms = UNKNOWN;
    bool is_gone = l->options->watch && bytes_starts_with(reply->text, "UNKNOWNGROUP ");
    if (reply->kind == REPLY_ERROR && !is_gone) {
        tool_refuse(t, reply->text);
        g->seen = false;
    } else if (reply->kind != REPLY_ERROR) {
        g->lag = tool_field_number(reply, "lag", UNKNOWN);
        g->worst = tool_field_number(reply, "lag-max", UNKNOWN);
        g->ms = tool_field_number(reply, "lag-ms-max", UNKNOWN);
        sparkline_add(&g->history, g->lag);
    }
    reply_free(reply);
}

static void lag_forget_gone(struct lag *l)
{
    size_t kept = 0;

    for (size_t i = 0; i < l->count; i++) {
        if (l->groups[i].seen)
            l->groups[kept++] = l->groups[i];
        else
            mem_free(l->groups[i].name);
    }
    l->count = kept;
}

static void lag_ask(struct lag *l)
{
    struct tool *t = l->tool;
    const struct flag_list *named = &l->options->groups;

    for (size_t i = 0; i < l->count; i++)
        l->groups[i].seen = false;
    for (size_t i = 0; i < named->count && !t->over; i++)
        lag_ask_group(l, bytes_of_string(named->items[i]));
    if (named->count == 0) {
        TOOL_SEND(t, "GROUP", "LIST");
        struct reply *names = tool_ask_good(t);
        for (size_t i = 0; names != NULL && i < names->count && !t->over; i++)
            lag_ask_group(l, names->items[i].text);
        reply_free(names);
    }
    if (!t->over)
        lag_forget_gone(l);
}

/* --- lines ---------------------------------------------------------------------------------------- */

static void put_number(struct reply *row, const char *name, int64_t number)
{
    if (number == UNKNOWN)
        listing_null(row, name);
    else
        listing_number(row, name, number);
}

static void lag_print_for_programs(struct lag *l, int64_t now_ms)
{
    for (size_t i = 0; i < l->count; i++) {
        const struct lag_group *g = &l->groups[i];
        struct reply *listing = listing_create(), *row = listing_row(listing);
        struct buf text = {0};

        listing_number(row, "time", now_ms);
        listing_text(row, "group", bytes_of_string(g->name));
        put_number(row, "lag", g->lag);
        put_number(row, "lag-max", g->worst);
        put_number(row, "lag-ms-max", g->ms);
        printer_reply(l->tool->printer, &text,
                      l->tool->printer->form == PRINTER_CSV ? listing : row);
        text_write(buf_bytes(&text), l->tool->out);
        buf_deinit(&text);
        reply_free(listing);
    }
}

static void append_number(struct buf *out, int64_t number)
{
    if (number == UNKNOWN)
        buf_append_string(out, "\t" NOTHING);
    else
        buf_printf(out, "\t%lld", (long long)number);
}

static void lag_print_lines(struct lag *l, int64_t now_ms)
{
    struct buf text = {0};

    for (size_t i = 0; i < l->count; i++) {
        const struct lag_group *g = &l->groups[i];

        text_append_time(&text, now_ms);
        buf_printf(&text, "\t%s", g->name);
        append_number(&text, g->lag);
        append_number(&text, g->worst);
        append_number(&text, g->ms);
        buf_append_char(&text, '\n');
    }
    text_write(buf_bytes(&text), l->tool->out);
    buf_deinit(&text);
}

/* --- the table ------------------------------------------------------------------------------------ */

static void cell_number(struct table *table, int64_t number)
{
    if (number == UNKNOWN)
        table_word(table, BYTES_LITERAL(NOTHING));
    else
        table_number(table, number);
}

/* By how much the lag grows or shrinks in a second. */
static void cell_change(struct table *table, const struct lag_group *g, int64_t interval_us)
{
    if (g->lag == UNKNOWN || g->before == UNKNOWN || interval_us == 0)
        table_word(table, BYTES_LITERAL(NOTHING));
    else
        table_number(table, (int64_t)((double)(g->lag - g->before) * 1e6 / (double)interval_us));
}

static void lag_add_row(struct lag *l, struct table *table, const struct lag_group *g)
{
    struct buf bars = {0};

    table_word(table, bytes_of_string(g->name));
    cell_number(table, g->lag);
    if (l->options->watch)
        cell_change(table, g, l->options->interval_us);
    cell_number(table, g->worst);
    cell_number(table, g->ms);
    if (l->options->watch) {
        sparkline_append(&g->history, &bars);
        table_word(table, buf_bytes(&bars));
    }
    buf_deinit(&bars);
}

static void lag_append_table(struct lag *l, struct buf *out, size_t width)
{
    static const char *const once[] = {"group", "lag", "lag-max", "lag-ms-max"};
    static const char *const watched[] = {"group",   "lag",        "per-second",
                                          "lag-max", "lag-ms-max", "before"};
    bool watch = l->options->watch;
    struct table table = {.cuts = true};

    for (size_t i = 0; i < (watch ? COUNT_OF(watched) : COUNT_OF(once)); i++)
        table_heading(&table, bytes_of_string(watch ? watched[i] : once[i]));
    for (size_t i = 0; i < l->count; i++)
        lag_add_row(l, &table, &l->groups[i]);
    table_print(&table, out, 0, width);
    table_deinit(&table);
}

/* Draws over what was there, so that nothing flickers. */
static void lag_draw(struct lag *l, int64_t now_ms)
{
    struct style style = style_of_terminal(STDOUT_FILENO);
    struct buf plain = {0}, text = {0};

    text_append_time(&plain, now_ms);
    buf_append_string(&plain, "  q ends\n\n");
    lag_append_table(l, &plain, style.width);
    if (l->count == 0)
        buf_append_string(&plain, "no groups\n");
    buf_append_string(&text, SCREEN_HOME);
    for (size_t i = 0; i < plain.len; i++) {
        if (plain.data[i] == '\n')
            buf_append_string(&text, LINE_REST);
        buf_append_char(&text, plain.data[i]);
    }
    buf_append_string(&text, SCREEN_REST);
    text_write(buf_bytes(&text), l->tool->out);
    buf_deinit(&plain);
    buf_deinit(&text);
}

/* --- the run -------------------------------------------------------------------------------------- */

static void lag_print(struct lag *l)
{
    enum printer_form form = l->tool->printer->form;
    int64_t now_ms = moment_now_ms();
    struct buf text = {0};

    if (l->keys_fd >= 0) {
        lag_draw(l, now_ms);
    } else if (form == PRINTER_JSON || form == PRINTER_CSV) {
        lag_print_for_programs(l, now_ms);
    } else if (form == PRINTER_TERMINAL && !l->options->watch) {
        lag_append_table(l, &text, l->tool->printer->style.width);
        text_write(buf_bytes(&text), l->tool->out);
        buf_deinit(&text);
    } else {
        lag_print_lines(l, now_ms);
    }
    fflush(l->tool->out);
}

static int64_t mono_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void lag_key(struct lag *l)
{
    char key = 'q'; /* nobody types any more */

    if (read(l->keys_fd, &key, 1) >= 0 && (key == 'q' || key == 'Q'))
        l->stop = true;
}

/* Waits for the next round. */
static void lag_wait(struct lag *l)
{
    struct tool *t = l->tool;
    int64_t until_ms = mono_ms() + l->options->interval_us / 1000;

    while (!l->stop && !t->over) {
        struct reply *reply = NULL;
        int64_t left = until_ms - mono_ms();

        switch (connection_wait(t->connection, l->keys_fd, left < 0 ? 0 : (int)left, &reply)) {
        case CONNECTION_REPLY: /* nothing was asked: a push */
            reply_free(reply);
            break;
        case CONNECTION_INPUT:
            lag_key(l);
            break;
        case CONNECTION_TIMEOUT:
            return;
        case CONNECTION_INTERRUPTED:
            interrupt_clear(t->connection->interrupt_fd);
            l->stop = true;
            break;
        case CONNECTION_LOST:
            fprintf(t->report, "Error: %s\n", t->connection->error);
            t->over = true;
            t->status = EXIT_STATUS_FAILED;
            break;
        }
    }
}

int lag_run(struct tool *t, const struct lag_options *o, int keys_fd)
{
    struct lag l = {.tool = t, .options = o, .keys_fd = keys_fd};

    for (int64_t round = 1; !l.stop && !t->over; round++) {
        lag_ask(&l);
        if (t->over)
            break;
        lag_print(&l);
        if (!o->watch || round == o->rounds)
            break;
        lag_wait(&l);
    }
    for (size_t i = 0; i < l.count; i++)
        mem_free(l.groups[i].name);
    mem_free(l.groups);
    return (int)t->status;
}

/* Keys come one by one and unseen while it runs. Ctrl-C stays what it is. */
static int lag_run_live(struct tool *t, const struct lag_options *o)
{
    struct quiet quiet = {0};

    quiet_begin(&quiet, ECHO | ICANON);
    if (!quiet.on)
        return lag_run(t, o, -1);
    fputs(SCREEN_BEGIN, t->out);
    int status = lag_run(t, o, STDIN_FILENO);
    fputs(SCREEN_END, t->out);
    fflush(t->out);
    quiet_end(&quiet);
    return status;
}

int tool_lag(struct connection *c, const struct printer *printer, int argc, char *const *argv)
{
    struct tool t = {.connection = c, .printer = printer, .out = stdout, .report = stderr};
    struct lag_options options;
    char why[FLAGS_WHY_BYTES];

    if (!lag_options_parse(&options, argc, argv, why))
        return tool_usage("lag", why);
    if (options.help) {
        fputs(help_text, stdout);
        return EXIT_STATUS_OK;
    }
    if (!connection_open_or_say(c))
        return EXIT_STATUS_FAILED;
    bool live = options.watch && printer->tables && isatty(STDIN_FILENO);
    return live ? lag_run_live(&t, &options) : lag_run(&t, &options, -1);
}
