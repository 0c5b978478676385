/* SPDX-License-Identifier: BSD-3-Clause */
/* The course with a learner who chooses: what comes between two runs. */
#include "lab/course.h"
#include "lab/lab.h"
#include "lab/lessons.h"
#include <errno.h>

/* Where the learner is. */
struct place {
    const struct lesson *lesson;
    struct dials dials;
    bool play;  /* there is something to play now */
    bool story; /* and it begins with the story */
};

static void go_to(struct place *p, const struct lesson *lesson)
{
    p->lesson = lesson;
    dials_init(&p->dials, lesson->dials, lesson->dial_count);
    p->play = p->story = true;
}

static void say(struct course *c, const char *text)
{
    learner_prose(&c->learner, "", bytes_of_string(text));
}

static void show_dials(struct course *c, const struct place *p)
{
    struct style style = learner_style(&c->learner);
    struct buf text = {0};

    if (p->lesson->dial_count == 0)
        return;
    fputc('\n', c->learner.out);
    learner_heading(&c->learner, "What you can vary");
    dials_print(&p->dials, &text, style.width > 0 ? style.width : LANES_WIDTH_DEFAULT);
    learner_print(&c->learner, &text);
    if (p->lesson->vary != NULL)
        say(c, p->lesson->vary);
    buf_deinit(&text);
}

/* What was made on the course's own server is there until the next run. */
static void show_door(struct course *c)
{
    if (c->given == NULL && c->host.pid != 0)
        fprintf(c->learner.out,
                "\nIts server is still there: look around from another terminal with\n"
                "    %s -p %d\n",
                program_invocation_name, c->host.port);
}

static void show_help(struct course *c, const struct place *p)
{
    fputs("\n"
          "    Enter, n      the next lesson\n"
          "    r             this one again\n"
          "    v name=value  this one again, with something changed\n"
          "    a number, or a lesson's name: that lesson\n"
          "    l             the list of lessons\n"
          "    q             leave\n",
          c->learner.out);
    show_dials(c, p);
}

/* "members=4 partitions=2": sets all, or says what is wrong and none. */
static void vary(struct course *c, struct place *p, struct bytes settings)
{
    struct dials changed = p->dials;
    char why[DIALS_WHY_BYTES];

    if (p->lesson->dial_count == 0) {
        say(c, "There is nothing to vary in this lesson; r plays it again.");
        return;
    }
    if (settings.len == 0) {
        show_dials(c, p);
        return;
    }
    while (settings.len > 0) {
        const char *blank = memchr(settings.data, ' ', settings.len);
        const char *sign = memchr(settings.data, '=', settings.len);
        size_t len = blank == NULL || sign == NULL ? settings.len : (size_t)(blank - settings.data);

        if (len > 0 && !dials_set(&changed, bytes_of(settings.data, len), why)) {
            say(c, why);
            return;
        }
        len += len < settings.len ? 1 : 0;
        settings = bytes_of(settings.data + len, settings.len - len);
    }
    p->dials = changed;
    p->play = true;
    p->story = false;
}

static void choose_lesson(struct course *c, struct place *p, struct bytes answer)
{
    const char *nearest;
    const struct lesson *found = lessons_find(answer, &nearest);
    struct buf text = {0};

    if (found != NULL) {
        go_to(p, found);
        return;
    }
    buf_printf(&text, "'%.*s' is nothing that can be done here%s%s%s; ? says what can.",
               (int)answer.len, answer.data, nearest != NULL ? " (did you mean '" : "",
               nearest != NULL ? nearest : "", nearest != NULL ? "'?)" : "");
    learner_prose(&c->learner, "", buf_bytes(&text));
    buf_deinit(&text);
}

static bool is_setting(struct bytes answer)
{
    return memchr(answer.data, '=', answer.len) != NULL;
}

static void next_lesson(struct course *c, struct place *p)
{
    size_t number = lessons_number(p->lesson);

    if (number < lessons_count()) {
        go_to(p, lessons_at(number));
        return;
    }
    say(c, "That was the last lesson. A number goes back to one of them, q leaves. Where to go "
           "from here: docs/delivery-semantics.md, docs/pubsub-with-a-memory.md, and "
           "docs/commands.md for every command.");
}

static void take_choice(struct course *c, struct place *p, struct bytes answer)
{
    if (answer.len == 0 || bytes_is(answer, "n") || bytes_is(answer, "next"))
        next_lesson(c, p);
    else if (bytes_is(answer, "q") || bytes_is(answer, "quit") || bytes_is(answer, "exit"))
        c->learner.left = true;
    else if (bytes_is(answer, "r") || bytes_is(answer, "again"))
        p->play = true, p->story = false;
    else if (bytes_is(answer, "l") || bytes_is(answer, "list"))
        lab_print_list(c->learner.out);
    else if (bytes_is(answer, "?") || bytes_is(answer, "help"))
        show_help(c, p);
    else if (bytes_is(answer, "v"))
        vary(c, p, BYTES_LITERAL(""));
    else if (bytes_starts_with(answer, "v "))
        vary(c, p, bytes_of(answer.data + 2, answer.len - 2));
    else if (is_setting(answer))
        vary(c, p, answer);
    else
        choose_lesson(c, p, answer);
}

void course_teach(struct course *c, const struct lesson *first, const struct dials *d)
{
    struct place place;
    struct buf line = {0};

    go_to(&place, first);
    place.dials = *d;
    while (!c->learner.left && !c->broken) {
        if (place.play) {
            place.play = false;
            enum course_result result = course_play(c, place.lesson, &place.dials, place.story);
            if (result == COURSE_LEFT || result == COURSE_BROKEN)
                break;
            show_dials(c, &place);
            show_door(c);
        }
        if (learner_ask(&c->learner,
                        "\nEnter: the next lesson; r again, v vary, l list, ? help, q leave > ",
                        &line))
            take_choice(c, &place, buf_bytes(&line));
        if (place.play)
            fputc('\n', c->learner.out);
    }
    buf_deinit(&line);
}
