/* SPDX-License-Identifier: BSD-3-Clause */
/* The line-by-line mode. */
#include "cli/script.h"
#include "cli/command.h"
#include "cli/exit_status.h"
#include "cli/lines.h"
#include "cli/quoting.h"
#include <errno.h>

struct script {
    struct connection *connection; /* borrowed */
    const struct printer *printer; /* borrowed */
    FILE *to;
    struct lines lines;
    struct words words;
    int status;
};

/* False when nothing more is to be run. */
static bool script_line(struct script *s, struct bytes line)
{
    if (!words_split(&s->words, line)) {
        fprintf(stderr, "line %llu: unbalanced quotes\n", (unsigned long long)s->lines.number);
        s->status = EXIT_STATUS_REFUSED;
        return true;
    }
    if (s->words.count == 0)
        return true;
    if (bytes_is(s->words.items[0], "quit") || bytes_is(s->words.items[0], "exit"))
        return false;
    switch (command_run(s->connection, s->words.items, s->words.count, s->printer, NULL, s->to)) {
    case COMMAND_OK:
        return true;
    case COMMAND_REFUSED:
        s->status = EXIT_STATUS_REFUSED;
        return true;
    case COMMAND_LOST:
        fprintf(stderr, "line %llu: %s\n", (unsigned long long)s->lines.number,
                s->connection->error);
        s->status = EXIT_STATUS_FAILED;
        return false;
    case COMMAND_INTERRUPTED:
        break;
    }
    s->status = EXIT_STATUS_REFUSED;
    return false;
}

static void script_lines(struct script *s, int input_fd)
{
    struct bytes line;

    while (!s->lines.ended) {
        enum err err = lines_fill(&s->lines, input_fd);

        if (err != ERR_OK) {
            fprintf(stderr, "cannot read the commands: %s\n",
                    err == ERR_TOO_LARGE ? "a line is too long" : strerror(errno));
            s->status = EXIT_STATUS_FAILED;
            return;
        }
        while (lines_next(&s->lines, &line))
            if (!script_line(s, line))
                return;
    }
}

int script_run(struct connection *c, const struct printer *printer, int input_fd, FILE *to)
{
    struct script s = {.connection = c, .printer = printer, .to = to};

    script_lines(&s, input_fd);
    lines_deinit(&s.lines);
    words_deinit(&s.words);
    return s.status;
}
