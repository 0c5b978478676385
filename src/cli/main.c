/* SPDX-License-Identifier: BSD-3-Clause */
/* echolog-cli: chooses between a command, a tool, a script and the prompt. The only place that holds
 * state of the process: its signals, and how its terminal was. */
#include "cli/askpass.h"
#include "cli/exit_status.h"
#include "cli/mass.h"
#include "cli/options.h"
#include "cli/quiet.h"
#include "cli/repl.h"
#include "cli/script.h"
#include "cli/single.h"
#include "cli/tool_bench.h"
#include "cli/tool_consume.h"
#include "cli/tool_groups.h"
#include "cli/tool_lag.h"
#include "cli/tool_produce.h"
#include "cli/tool_tail.h"
#include "cli/tool_topics.h"
#include "lab/lab.h"
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static const struct tool_entry {
    const char *name;
    int (*run)(struct connection *c, const struct printer *printer, int argc, char *const *argv);
} tools[] = {
    {"produce", tool_produce}, {"consume", tool_consume}, {"topics", tool_topics},
    {"groups", tool_groups},   {"lag", tool_lag},         {"tail", tool_tail},
    {"bench", tool_bench},
};

static int interrupt_pipe[2] = {-1, -1};
static struct quiet quiet;

static void interrupt_handler(int signal_number)
{
    int saved = errno;

    (void)signal_number;
    /* A full pipe already says it. */
    if (write(interrupt_pipe[1], "!", 1) < 0)
        errno = saved;
    errno = saved;
}

/* From here on the signal no longer ends the program but wakes what waits. */
static void interrupt_on(int signal_number)
{
    struct sigaction action = {.sa_handler = interrupt_handler};

    if (interrupt_pipe[0] < 0 && pipe2(interrupt_pipe, O_CLOEXEC | O_NONBLOCK) != 0) {
        perror("echolog-cli: pipe");
        exit(1);
    }
    sigaction(signal_number, &action, NULL);
}

/* Whatever ends or stops the program, the terminal is again as it was. */
static void leave_handler(int signal_number)
{
    int saved = errno;

    quiet_end(&quiet);
    if (signal_number == SIGTSTP) {
        raise(SIGSTOP);
        quiet_again(&quiet);
    } else {
        raise(signal_number); /* which now ends the program */
    }
    errno = saved;
}

/* At once, since what is typed before it is shown by the terminal and once more by the prompt. */
static void terminal_begin(void)
{
    static const int leaving[] = {SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};

    quiet_begin(&quiet, ECHO | ICANON);
    for (size_t i = 0; i < COUNT_OF(leaving); i++) {
        struct sigaction action = {.sa_handler = leave_handler, .sa_flags = SA_NODEFER};

        action.sa_flags |= leaving[i] == SIGTSTP ? SA_RESTART : (int)SA_RESETHAND;
        sigaction(leaving[i], &action, NULL);
    }
}

/* Characters beyond ASCII can be shown and edited also where the locale does not say so. */
static void locale_init(void)
{
    setlocale(LC_CTYPE, "");
    if (MB_CUR_MAX == 1)
        setlocale(LC_CTYPE, "C.UTF-8");
}

static int run_command(struct connection *c, const struct options *o, const struct printer *printer)
{
    const struct single single = {.words = o->rest,
                                  .count = (size_t)o->rest_count,
                                  .repeat = o->repeat,
                                  .interval_us = o->interval_us,
                                  .last_from_input = o->last_from_input,
                                  .input_fd = STDIN_FILENO};

    return single_run(c, &single, printer, stdout);
}

static int run_mass(struct connection *c, const struct options *o)
{
    int64_t timeout_ms = o->mass_timeout_s == 0 ? CONNECTION_FOREVER : o->mass_timeout_s * 1000;

    interrupt_on(SIGINT);
    c->interrupt_fd = interrupt_pipe[0];
    if (!connection_open_or_say(c))
        return EXIT_STATUS_FAILED;
    return mass_run(c, STDIN_FILENO, timeout_ms, stdout, stderr);
}

static bool runs_once(const struct options *o, const char *tool)
{
    bool once = !o->last_from_input && o->repeat == 1;

    if (!once)
        fprintf(stderr, "echolog-cli: -x and -r do not go with %s\n", tool);
    return once;
}

/* Descriptions come as maps: tools speak RESP3 unless they were told otherwise. */
static int run_tool(struct connection *c, const struct options *o, const struct printer *printer,
                    const struct tool_entry *tool)
{
    if (!runs_once(o, tool->name))
        return EXIT_STATUS_FAILED;
    if (c->target.proto == 0)
        c->target.proto = 3;
    interrupt_on(SIGINT);
    interrupt_on(SIGTERM);
    c->interrupt_fd = interrupt_pipe[0];
    return tool->run(c, printer, o->rest_count - 1, o->rest + 1);
}

/* A course has a server of its own, unless one was named. */
static int run_lab(const struct options *o)
{
    if (!runs_once(o, "lab"))
        return EXIT_STATUS_FAILED;
    interrupt_on(SIGINT);
    interrupt_on(SIGTERM);
    interrupt_on(SIGHUP);
    return tool_lab(o->server_named ? &o->target : NULL, interrupt_pipe[0], o->rest_count - 1,
                    o->rest + 1);
}

/* Maps say what their values are, and messages can come beside replies: the prompt speaks RESP3 unless it was told
 * otherwise. */
static int run_repl(struct connection *c, const struct printer *printer)
{
    if (c->target.proto == 0)
        c->target.proto = 3;
    interrupt_on(SIGINT);
    c->interrupt_fd = interrupt_pipe[0];
    int status = repl_run(c, printer);
    quiet_end(&quiet);
    return status;
}

/* Tables and colour are for eyes: only a terminal gets them. */
static struct printer printer_for(const struct options *o)
{
    bool terminal = isatty(STDOUT_FILENO) != 0;

    if (o->json || o->csv)
        return (struct printer){.form = o->json ? PRINTER_JSON : PRINTER_CSV};
    if (o->raw || (!terminal && !o->no_raw))
        return (struct printer){.form = PRINTER_RAW};
    if (!terminal || o->no_raw)
        return (struct printer){.form = PRINTER_TERMINAL};
    return (struct printer){
        .form = PRINTER_TERMINAL, .tables = true, .style = style_of_terminal(STDOUT_FILENO)};
}

static bool is_prompt(const struct options *o)
{
    return o->rest_count == 0 && !o->mass && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

/* Which tool was called; NULL: none. */
static const struct tool_entry *find_tool(const struct options *o)
{
    for (size_t i = 0; i < COUNT_OF(tools); i++)
        if (options_is_tool(o, tools[i].name))
            return &tools[i];
    return NULL;
}

static int run(struct connection *c, const struct options *o, const struct tool_entry *tool)
{
    if (is_prompt(o))
        terminal_begin();
    locale_init();
    struct printer printer = printer_for(o);

    if (tool != NULL)
        return run_tool(c, o, &printer, tool);
    if (options_is_lab(o))
        return run_lab(o);
    if (o->rest_count > 0)
        return run_command(c, o, &printer);
    if (o->mass)
        return run_mass(c, o);
    if (is_prompt(o))
        return run_repl(c, &printer);
    return connection_open_or_say(c) ? script_run(c, &printer, STDIN_FILENO, stdout)
                                     : EXIT_STATUS_FAILED;
}

int main(int argc, char **argv)
{
    struct connection connection;
    struct options options;
    char why[FLAGS_WHY_BYTES];

    if (!options_parse(&options, argc - 1, argv + 1, why)) {
        fprintf(stderr, "echolog-cli: %s\nTry echolog-cli --help\n", why);
        return EXIT_STATUS_FAILED;
    }
    if (options.help) {
        options_print_help(stdout);
        return 0;
    }
    if (options.version) {
        puts("echolog-cli " ECHOLOG_VERSION);
        return 0;
    }
    const struct tool_entry *tool = find_tool(&options);
    if (tool != NULL && !options_take_server(&options, why)) {
        fprintf(stderr, "echolog-cli: %s\n", why);
        options_deinit(&options);
        return EXIT_STATUS_FAILED;
    }
    struct buf password = {0};
    if (options.askpass && !askpass(&password)) {
        fputs("echolog-cli: --askpass: no password was given\n", stderr);
        return EXIT_STATUS_FAILED;
    }
    if (options.askpass)
        options.target.password = password.data;
    connection_init(&connection, &options.target, -1);
    int status = run(&connection, &options, tool);
    connection_close(&connection);
    options_deinit(&options);
    buf_deinit(&password);
    return status;
}
