/* SPDX-License-Identifier: BSD-3-Clause */
#include "lab/lab.h"
#include "base/flags.h"
#include "cli/exit_status.h"

#include "cli/style.h"
#include "cli/table.h"
#include "cli/text.h"
#include "lab/course.h"
#include "lab/lessons.h"
#include <unistd.h>

static const char help_text[] =
    "Usage: echolog-cli [-h host] [-p port] [...] lab [options] [lesson [name=value ...]]\n"
    "\n"
    "A course in messages: each lesson asks a question, lets you guess, plays it live with "
    "several\n"
    "actors side by side, and lets you vary it. Without a server in front of it (-h, -p, -s or -u) "
    "it\n"
    "starts one of its own, which is thrown away. A lesson is named by its number or its name;\n"
    "name=value is what to vary of it.\n"
    "\n"
    "  --list          the lessons: number, name, minutes, question\n"
    "  --auto          play without questions; all lessons, unless one is named\n"
    "  --pace seconds  how long to pause behind each thing that happens (default 0.5; 0 when the\n"
    "                  output is no terminal)\n"
    "  --help          this text\n"
    "\n"
    "Every run holds what it sees against what it teaches. The exit status is 0; 1 when the "
    "broker\n"
    "contradicted a lesson or not all was played; 2 when there was no server, or the command line\n"
    "makes no sense.\n";

struct lab_options {
    bool list, automatic, help;
    int64_t pace_us;             /* -1: as the output asks */
    const struct lesson *lesson; /* NULL: all, or the first */
    struct dials dials;
};

static int lab_usage(const char *why)
{
    fprintf(stderr, "echolog-cli lab: %s\nTry echolog-cli lab --help\n", why);
    return EXIT_STATUS_FAILED;
}

/* --- options -------------------------------------------------------------------------------------- */

/* What is no option: first a lesson, then what to vary of it. */
static bool take_word(struct lab_options *o, const char *word, char *why)
{
    char wrong[DIALS_WHY_BYTES];
    const char *nearest;

    if (o->lesson != NULL) {
        if (dials_set(&o->dials, bytes_of_string(word), wrong))
            return true;
        snprintf(why, FLAGS_WHY_BYTES, "%.200s", wrong);
        return false;
    }
    o->lesson = lessons_find(bytes_of_string(word), &nearest);
    if (o->lesson == NULL) {
        snprintf(why, FLAGS_WHY_BYTES, "there is no lesson '%.100s'%s%s%s; --list shows them", word,
                 nearest != NULL ? "; did you mean '" : "", nearest != NULL ? nearest : "",
                 nearest != NULL ? "'?" : "");
        return false;
    }
    dials_init(&o->dials, o->lesson->dials, o->lesson->dial_count);
    return true;
}

static bool lab_options_parse(struct lab_options *o, int argc, char *const *argv, char *why)
{
    const struct flag flags[] = {
        {.name = "--list", .set = &o->list},
        {.name = "--auto", .set = &o->automatic},
        {.name = "--pace", .micros = &o->pace_us},
        {.name = "--help", .set = &o->help},
    };

    *o = (struct lab_options){.pace_us = -1};
    while (argc > 0) {
        int used = 0;

        if (!flags_parse(flags, COUNT_OF(flags), argc, argv, &used, why))
            return false;
        argc -= used;
        argv += used;
        if (argc > 0 && !take_word(o, *argv, why))
            return false;
        argc -= argc > 0;
        argv++;
    }
    return true;
}

/* --- the list ------------------------------------------------------------------------------------- */

void lab_print_list(FILE *to)
{
    struct style style = isatty(fileno(to)) ? style_of_terminal(fileno(to)) : (struct style){0};
    struct table table = {0};
    struct buf out = {0};

    table_heading(&table, BYTES_LITERAL(""));
    table_heading(&table, BYTES_LITERAL("lesson"));
    table_heading(&table, BYTES_LITERAL("minutes"));
    table_heading(&table, BYTES_LITERAL("question"));
    for (size_t i = 0; i < lessons_count(); i++) {
        table_number(&table, (int64_t)i + 1);
        table_text(&table, bytes_of_string(lessons_at(i)->name));
        table_number(&table, lessons_at(i)->minutes);
        table_text(&table, bytes_of_string(lessons_at(i)->question));
    }
    table_print(&table, &out, 0, style.width);
    text_write(buf_bytes(&out), to);
    buf_deinit(&out);
    table_deinit(&table);
}

/* --- playing -------------------------------------------------------------------------------------- */

static void play_one(struct course *c, const struct lesson *lesson, const struct dials *d)
{
    static const char *const words[] = {
        [COURSE_HELD] = "held",         [COURSE_CONTRADICTED] = "contradicted",
        [COURSE_SKIPPED] = "skipped",   [COURSE_LEFT] = "left",
        [COURSE_BROKEN] = "not played",
    };
    enum course_result result = course_play(c, lesson, d, true);
    struct buf set = {0};

    dials_summary(d, &set);
    fprintf(c->learner.out, "\nlesson %zu, %s%s%.*s: %s\n\n\n", lessons_number(lesson),
            lesson->name, set.len > 0 ? ", " : "", (int)set.len, buf_bytes(&set).data,
            words[result]);
    fflush(c->learner.out);
    buf_deinit(&set);
}

static void play_all(struct course *c)
{
    for (size_t i = 0; i < lessons_count() && !c->learner.left && !c->broken; i++) {
        const struct lesson *lesson = lessons_at(i);
        struct dials dials;

        dials_init(&dials, lesson->dials, lesson->dial_count);
        play_one(c, lesson, &dials);
    }
}

static void welcome(struct course *c)
{
    struct buf text = {0};

    buf_printf(
        &text,
        "Echolog's course: what becomes of a message. Each of its %zu lessons asks a question, "
        "you guess, and see it happen on a real server. Behind > stands what somebody types, "
        "below it the answer; < came by itself, and ! is trouble. Enter goes on at once while "
        "something plays; q leaves.",
        lessons_count());
    learner_prose(&c->learner, "", buf_bytes(&text));
    fputc('\n', c->learner.out);
    buf_deinit(&text);
}

static void teach(struct course *c, const struct lab_options *o)
{
    struct dials dials = o->dials;

    c->asks = true;
    c->learner.in_fd = STDIN_FILENO;
    if (o->lesson != NULL) {
        course_teach(c, o->lesson, &dials);
        return;
    }
    welcome(c);
    dials_init(&dials, lessons_at(0)->dials, lessons_at(0)->dial_count);
    course_teach(c, lessons_at(0), &dials);
}

static int lab_status(const struct course *c, bool all)
{
    if (c->broken)
        return EXIT_STATUS_FAILED;
    return c->contradicted > 0 || (all && c->learner.left) ? EXIT_STATUS_REFUSED : EXIT_STATUS_OK;
}

int tool_lab(const struct connection_target *given, int interrupt_fd, int argc, char *const *argv)
{
    struct lab_options o;
    struct course course;
    char why[FLAGS_WHY_BYTES];

    if (!lab_options_parse(&o, argc, argv, why))
        return lab_usage(why);
    if (o.help) {
        fputs(help_text, stdout);
        return EXIT_STATUS_OK;
    }
    if (o.list) {
        lab_print_list(stdout);
        return EXIT_STATUS_OK;
    }
    if (!o.automatic && !isatty(STDIN_FILENO))
        return lab_usage(
            "a course needs a learner, and standard input is no terminal; --auto plays it "
            "without");
    course_init(&course, given, interrupt_fd);
    if (course.learner.terminal)
        course.learner.pace_ms = LEARNER_PACE_MS_DEFAULT;
    if (o.pace_us >= 0)
        course.learner.pace_ms = o.pace_us / 1000;
    if (!o.automatic) {
        quiet_begin(&course.learner.quiet, ECHO);
        teach(&course, &o);
        quiet_end(&course.learner.quiet);
    } else if (o.lesson != NULL)
        play_one(&course, o.lesson, &o.dials);
    else
        play_all(&course);
    if (o.automatic)
        course_summary(&course, stdout);
    course_deinit(&course);
    return lab_status(&course, o.automatic);
}
