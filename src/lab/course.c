/* SPDX-License-Identifier: BSD-3-Clause */
#include "lab/course.h"
#include "cli/interrupt.h"
#include "lab/lessons.h"
#include <unistd.h>

void course_init(struct course *c, const struct connection_target *given, int interrupt_fd)
{
    *c = (struct course){.given = given,
                         .learner = {.out = stdout,
                                     .in_fd = -1,
                                     .interrupt_fd = interrupt_fd,
                                     .terminal = isatty(STDOUT_FILENO) != 0}};
    /* Nobody else has begun one in this millisecond with this process id. */
    snprintf(c->prefix, sizeof(c->prefix), "lab-%x%03x-", (unsigned)getpid(),
             (unsigned)(connection_now_ms() & 0xfff));
}

void course_deinit(struct course *c)
{
    host_remove(&c->host);
    learner_deinit(&c->learner);
}

static void print_line(struct course *c, const char *format, ...) PRINTF_LIKE(2, 3);

static void print_line(struct course *c, const char *format, ...)
{
    struct buf text = {0};
    va_list args;

    va_start(args, format);
    buf_vprintf(&text, format, args);
    va_end(args);
    learner_prose(&c->learner, "", buf_bytes(&text));
    buf_deinit(&text);
}

/* --- the server ----------------------------------------------------------------------------------- */

static bool reach_given(struct course *c)
{
    struct connection connection;

    connection_init(&connection, c->given, c->learner.interrupt_fd);
    c->broken = connection_open(&connection) != ERR_OK;
    if (c->broken && !interrupt_pending(c->learner.interrupt_fd))
        fprintf(stderr, "%s\n", connection.error);
    connection_close(&connection);
    return !c->broken;
}

/* The course's own server begins anew for each run, at the same port. */
static bool prepare_server(struct course *c, struct connection_target *target)
{
    if (c->given != NULL) {
        *target = *c->given;
        return reach_given(c);
    }
    host_remove(&c->host);
    if (host_start(&c->host, c->learner.interrupt_fd) != ERR_OK) {
        if (!learner_pause(&c->learner, 0))
            return false;
        fprintf(stderr, "echolog-cli lab: %s\n", c->host.why);
        c->broken = true;
        return false;
    }
    *target = (struct connection_target){.host = "127.0.0.1", .port = c->host.port};
    return true;
}

/* --- the parts of a lesson ------------------------------------------------------------------------ */

static void tell_story(struct course *c, const struct lesson *lesson)
{
    struct buf title = {0};

    buf_printf(&title, "Lesson %zu of %zu: %s", lessons_number(lesson), lessons_count(),
               lesson->title);
    buf_append_char(&title, '\0');
    learner_heading(&c->learner, title.data);
    buf_deinit(&title);
    print_line(c, "\n%s\n", lesson->story);
}

static void show_quiz(struct course *c, const struct quiz *quiz)
{
    struct style style = learner_style(&c->learner);
    struct buf text = {0};

    quiz_print(quiz, &text, style.width > 0 ? style.width : LANES_WIDTH_DEFAULT);
    learner_print(&c->learner, &text);
    buf_deinit(&text);
}

/* What the learner thinks: a choice, or QUIZ_NONE. False: they left. */
static bool ask_prediction(struct course *c, const struct quiz *quiz, size_t *guess)
{
    struct buf line = {0};
    char prompt[64];
    bool answered = false;

    snprintf(prompt, sizeof(prompt), "\nWhat do you think? [a-%c, Enter, ?, q] ",
             (char)('a' + quiz->count - 1));
    *guess = QUIZ_NONE;
    while (!answered && learner_ask(&c->learner, prompt, &line)) {
        struct bytes answer = buf_bytes(&line);

        answered = answer.len == 0 || quiz_parse(quiz, answer, guess);
        if (answered)
            break;
        if (bytes_is(answer, "q") || bytes_is(answer, "quit") || bytes_is(answer, "exit"))
            c->learner.left = true;
        else if (bytes_is(answer, "?") || bytes_is(answer, "help"))
            print_line(c, "Type the letter of what you think will happen, and see. A wrong guess "
                          "costs nothing, and one remembers it best. Enter plays without a guess, "
                          "q leaves the course.");
        else
            print_line(
                c,
                "'%.*s' is none of the choices: type a letter from a to %c, or Enter for no guess.",
                (int)answer.len, answer.data, (char)('a' + quiz->count - 1));
    }
    buf_deinit(&line);
    return answered && !c->learner.left;
}

/* The choice that happened against the one that is taught. */
static void expect_outcome(struct stage *s, const struct quiz *quiz, size_t seen)
{
    struct bytes taught = buf_bytes(&quiz->choices[quiz->taught].text);
    struct bytes happened =
        seen < quiz->count ? buf_bytes(&quiz->choices[seen].text) : BYTES_LITERAL("none of it");

    stage_expect(s, seen == quiz->taught, "what happened",
                 stage_text(s, "\"%.*s\"", (int)taught.len, taught.data),
                 stage_text(s, "\"%.*s\"", (int)happened.len, happened.data));
}

static void conclude(struct course *c, const struct lesson *lesson, const struct quiz *quiz,
                     size_t guess)
{
    const struct buf *why = &quiz->choices[quiz->taught].why;

    fputc('\n', c->learner.out);
    learner_heading(&c->learner, "What happened");
    print_line(c, "%c) %.*s", (char)('a' + quiz->taught), (int)quiz->choices[quiz->taught].text.len,
               quiz->choices[quiz->taught].text.data);
    if (guess == quiz->taught)
        print_line(c, "You said so.");
    else if (guess != QUIZ_NONE)
        print_line(c, "You said %c. %.*s", (char)('a' + guess), (int)quiz->choices[guess].why.len,
                   quiz->choices[guess].why.data);
    print_line(c, "%.*s", (int)why->len, why->data);
    fputc('\n', c->learner.out);
    learner_heading(&c->learner, "Remember");
    print_line(c, "%s\nMore: %s", lesson->rule, lesson->page);
}

static void say_contradicted(struct course *c, const struct stage *s)
{
    fputc('\n', c->learner.out);
    learner_heading(&c->learner, "This lesson does not hold here");
    for (size_t i = 0; i < s->trouble_count; i++)
        learner_prose(&c->learner, "! ", bytes_of_string(s->troubles[i]));
}

/* --- a run ---------------------------------------------------------------------------------------- */

static enum course_result play_on(struct course *c, const struct connection_target *target,
                                  const struct lesson *lesson, const struct dials *d,
                                  const struct quiz *quiz, size_t guess)
{
    struct stage stage;
    enum course_result result = COURSE_HELD;

    fputc('\n', c->learner.out);
    stage_init(&stage, &c->learner, c->given == NULL ? &c->host : NULL, target, c->prefix);
    size_t seen = lesson->play(&stage, d);
    expect_outcome(&stage, quiz, seen);
    if (stage.trouble_count > 0)
        result = COURSE_CONTRADICTED;
    else if (c->learner.left)
        result = COURSE_LEFT;
    if (result == COURSE_HELD)
        conclude(c, lesson, quiz, guess);
    else if (result == COURSE_CONTRADICTED)
        say_contradicted(c, &stage);
    stage_deinit(&stage);
    return result;
}

static enum course_result play_asked(struct course *c, const struct lesson *lesson,
                                     const struct dials *d)
{
    struct connection_target target;
    enum course_result result = COURSE_LEFT;
    struct quiz quiz = {0};
    size_t guess = QUIZ_NONE;

    lesson->predict(&quiz, d);
    show_quiz(c, &quiz);
    if (!c->asks || ask_prediction(c, &quiz, &guess)) {
        if (prepare_server(c, &target))
            result = play_on(c, &target, lesson, d, &quiz, guess);
        else if (c->broken)
            result = COURSE_BROKEN;
    }
    quiz_deinit(&quiz);
    return result;
}

enum course_result course_play(struct course *c, const struct lesson *lesson, const struct dials *d,
                               bool story)
{
    enum course_result result;

    if (story)
        tell_story(c, lesson);
    if (lesson->own_server && c->given != NULL) {
        print_line(c, "Skipped: this lesson restarts its server or changes its configuration, so "
                      "it needs one of its own. Run it without -h, -p, -s and -u.");
        result = COURSE_SKIPPED;
    } else {
        result = play_asked(c, lesson, d);
    }
    c->held += result == COURSE_HELD;
    c->contradicted += result == COURSE_CONTRADICTED;
    c->skipped += result == COURSE_SKIPPED;
    return result;
}

void course_summary(const struct course *c, FILE *to)
{
    size_t count = c->held + c->contradicted + c->skipped;

    fprintf(to, "%zu lesson%s, %zu held", count, count == 1 ? "" : "s", c->held);
    if (c->contradicted > 0)
        fprintf(to, ", %zu contradicted", c->contradicted);
    if (c->skipped > 0)
        fprintf(to, ", %zu skipped", c->skipped);
    fputc('\n', to);
}
