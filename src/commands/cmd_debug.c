/* SPDX-License-Identifier: BSD-3-Clause */
/* DEBUG: for tests of clients and of this server, where enable-debug-command allows it. Its sub-commands are no
 * commands of the table, as in Redis. */
#include "commands/errors.h"
#include "commands/handlers.h"

#include "base/buf.h"
#include <math.h>
#include <stdlib.h>

#define SHOWN_BYTES_MAX 128
#define NUMBER_BYTES_MAX 64
#define SLEEP_S_MAX 86400

/* --- whether it may be used ------------------------------------------------------------------- */

static bool is_allowed(const struct call *c)
{
    switch ((enum config_allow)c->sv->config->enable_debug_command) {
    case CONFIG_ALLOW_NO:
        return false;
    case CONFIG_ALLOW_LOCAL:
        return c->session->stream->from_here;
    case CONFIG_ALLOW_YES:
        break;
    }
    return true;
}

/* --- sub-commands ----------------------------------------------------------------------------- */

static void debug_sleep(struct call *c)
{
    char text[NUMBER_BYTES_MAX] = "";
    if (c->argv[2].len < sizeof(text))
        memcpy(text, c->argv[2].data, c->argv[2].len);
    double seconds = strtod(text, NULL);
    if (isfinite(seconds) && seconds > 0 && c->sv->process != NULL)
        c->sv->process->sleep_us((int64_t)((seconds < SLEEP_S_MAX ? seconds : SLEEP_S_MAX) * 1e6));
    write_ok(&c->w);
}

static void debug_error(struct call *c)
{
    write_error(&c->w, "%.*s", (int)c->argv[2].len, c->argv[2].data);
}

static void debug_log(struct call *c)
{
    TRACE_WARN(c->sv->trace, "DEBUG LOG: %.*s", (int)c->argv[2].len, c->argv[2].data);
    write_ok(&c->w);
}

static void debug_nothing(struct call *c)
{
    write_ok(&c->w);
}

/* For the crash report: the ways in which a server can end that nobody wanted. */
static void debug_panic(struct call *c)
{
    TRACE_WARN(c->sv->trace, "DEBUG PANIC was called");
    abort();
}

static void debug_segfault(struct call *c)
{
    (void)c;
    *(volatile char *)(uintptr_t)c->argc = 'x'; /* no address that is ever mapped */
}

static void debug_assert(struct call *c)
{
    ASSERT(c->argc == 0);
}

/* --- PROTOCOL --------------------------------------------------------------------------------- */

static void write_raw(struct writer *w, const char *text)
{
    out_append(w->out, text, strlen(text));
}

static void write_numbers(struct writer *w)
{
    for (int i = 0; i < 3; i++)
        write_int(w, i);
}

static void write_attribute(struct writer *w)
{
    if (w->proto == 3)
        write_raw(w, "|1\r\n$14\r\nkey-popularity\r\n*2\r\n$7\r\nkey:123\r\n:90\r\n");
    write_bulk_string(w, "Some real reply following the attribute");
}

static void write_pushed(struct writer *w)
{
    if (w->proto == 2) {
        write_error(w, "ERR RESP2 is not supported by this command");
        return;
    }
    write_push(w, 2);
    write_bulk_string(w, "server-cpu-usage");
    write_int(w, 42);
    write_bulk_string(w, "Some real reply following the push reply");
}

static void write_big_number(struct writer *w)
{
    static const char digits[] = "1234567999999999999999999999999999999";
    if (w->proto == 2)
        write_bulk_string(w, digits);
    else
        write_raw(w, "(1234567999999999999999999999999999999\r\n");
}

static void write_flags(struct writer *w)
{
    write_map(w, 3);
    for (int i = 0; i < 3; i++) {
        write_int(w, i);
        write_bool(w, i == 1);
    }
}

static void debug_protocol(struct call *c)
{
    struct writer *w = &c->w;
    struct bytes type = c->argv[2];
    if (bytes_is(type, "string")) {
        write_bulk_string(w, "Hello World");
    } else if (bytes_is(type, "integer")) {
        write_int(w, 12345);
    } else if (bytes_is(type, "double")) {
        write_double(w, 3.141);
    } else if (bytes_is(type, "null")) {
        write_null(w);
    } else if (bytes_is(type, "array")) {
        write_array(w, 3);
        write_numbers(w);
    } else if (bytes_is(type, "set")) {
        write_set(w, 3);
        write_numbers(w);
    } else if (bytes_is(type, "map")) {
        write_flags(w);
    } else if (bytes_is(type, "attrib")) {
        write_attribute(w);
    } else if (bytes_is(type, "push")) {
        write_pushed(w);
    } else if (bytes_is(type, "verbatim")) {
        write_verbatim(w, "txt", BYTES_LITERAL("This is a verbatim\nstring"));
    } else if (bytes_is(type, "true") || bytes_is(type, "false")) {
        write_bool(w, bytes_is(type, "true"));
    } else if (bytes_is(type, "bignum")) {
        write_big_number(w);
    } else {
        write_error(w, "ERR Wrong protocol type name. Please use one of the following: "
                       "string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|"
                       "true|false");
    }
}

/* --- which one ------------------------------------------------------------------------------ */

static void debug_help(struct call *c);

static const struct debug_command {
    const char *name;
    const char *syntax; /* of its one argument; NULL: it has none */
    void (*run)(struct call *c);
    const char *summary;
} debug_commands[] = {
    {"ASSERT", NULL, debug_assert, "Ends the server through a failed assertion."},
    {"ERROR", "<string>", debug_error, "Answers with this error, for tests of clients."},
    {"LOG", "<message>", debug_log, "Writes the message to the server's log."},
    {"PANIC", NULL, debug_panic, "Ends the server as if it had given up."},
    {"PROTOCOL", "<type>", debug_protocol, "Answers with a value of this type."},
    {"SEGFAULT", NULL, debug_segfault, "Ends the server through an invalid memory access."},
    {"SET-ACTIVE-EXPIRE", "<0|1>", debug_nothing,
     "Accepted for tests of Redis; there are no keys "
     "that expire."},
    {"SLEEP", "<seconds>", debug_sleep, "Stops the server for so long. Decimals allowed."},
    {"HELP", NULL, debug_help, "Prints this help."},
};

static void debug_help(struct call *c)
{
    struct buf line = {0};
    write_array(&c->w, 1 + 2 * COUNT_OF(debug_commands));
    write_status(&c->w, "DEBUG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:");
    for (size_t i = 0; i < COUNT_OF(debug_commands); i++) {
        const struct debug_command *d = &debug_commands[i];
        buf_clear(&line);
        buf_printf(&line, "%s%s%s", d->name, d->syntax != NULL ? " " : "",
                   d->syntax != NULL ? d->syntax : "");
        buf_append_char(&line, '\0');
        write_status(&c->w, line.data);
        buf_clear(&line);
        buf_printf(&line, "    %s", d->summary);
        buf_append_char(&line, '\0');
        write_status(&c->w, line.data);
    }
    buf_deinit(&line);
}

void cmd_debug(struct call *c)
{
    if (!is_allowed(c)) {
        write_error(&c->w,
                    "ERR DEBUG command not allowed. If the enable-debug-command option is set to "
                    "\"local\", you can run it from a local connection, otherwise you need to set "
                    "this option in the configuration file, and then restart the server.");
        return;
    }
    for (size_t i = 0; i < COUNT_OF(debug_commands); i++) {
        const struct debug_command *d = &debug_commands[i];
        if (bytes_is(c->argv[1], d->name) && c->argc == (d->syntax != NULL ? 3 : 2)) {
            d->run(c);
            return;
        }
    }
    struct bytes word = c->argv[1];
    write_error(&c->w,
                "ERR unknown subcommand or wrong number of arguments for '%.*s'. Try DEBUG HELP.",
                word.len < SHOWN_BYTES_MAX ? (int)word.len : SHOWN_BYTES_MAX, word.data);
}
