/* SPDX-License-Identifier: BSD-3-Clause */
/* The global options. */
#include "cli/options.h"
#include <stdlib.h>
#include <string.h>

static const char help_text[] =
    "echolog-cli " ECHOLOG_VERSION "\n"
    "\n"
    "Usage: echolog-cli [options] [command [argument ...]]\n"
    "       echolog-cli [options] produce --topic name [...]    see echolog-cli produce --help\n"
    "       echolog-cli [options] consume --topic name [...]    see echolog-cli consume --help\n"
    "\n"
    "  -h, --host name    server (default " OPTIONS_HOST_DEFAULT ")\n"
    "  -p, --port n       port (default 3246)\n"
    "  -a, --pass text    password; better in the variable " OPTIONS_PASSWORD_VARIABLE "\n"
    "      --user name    user, with a password\n"
    "  -2, -3             speak RESP2 (the default) or RESP3\n"
    "      --raw          print replies as they are (default when the output is no terminal)\n"
    "      --no-raw       print replies for reading, also into a pipe or file\n"
    "      --json         print each reply as a line of JSON; speaks RESP3 unless -2 is given\n"
    "      --csv          print each reply as comma-separated values, a record a line\n"
    "      --help         this text\n"
    "      --version      the version\n"
    "\n"
    "Without a command it prompts for commands, or reads them line by line from a pipe or file.\n"
    "The exit status is 0, or 1 when a reply was an error or the server could not be reached.\n";

void options_print_help(FILE *to)
{
    fputs(help_text, to);
}

static bool options_check(const struct options *o, bool resp2, bool resp3, char *why)
{
    const char *wrong = NULL;

    if (resp2 && resp3)
        wrong = "-2 and -3 exclude each other";
    else if (o->raw + o->no_raw + o->json + o->csv > 1)
        wrong = "--raw, --no-raw, --json and --csv exclude each other";
    else if (o->target.user != NULL && o->target.password == NULL)
        wrong = "--user needs a password: -a, or the variable " OPTIONS_PASSWORD_VARIABLE;
    if (wrong != NULL)
        snprintf(why, FLAGS_WHY_BYTES, "%s", wrong);
    return wrong == NULL;
}

bool options_parse(struct options *o, int argc, char *const *argv, char why[FLAGS_WHY_BYTES])
{
    int64_t port = OPTIONS_PORT_DEFAULT;
    bool resp2 = false, resp3 = false;
    const struct flag flags[] = {
        {.name = "-h", .text = &o->target.host},
        {.name = "--host", .text = &o->target.host},
        {.name = "-p", .number = &port, .number_min = 1, .number_max = 65535},
        {.name = "--port", .number = &port, .number_min = 1, .number_max = 65535},
        {.name = "-a", .text = &o->target.password},
        {.name = "--pass", .text = &o->target.password},
        {.name = "--user", .text = &o->target.user},
        {.name = "-2", .set = &resp2},
        {.name = "-3", .set = &resp3},
        {.name = "--raw", .set = &o->raw},
        {.name = "--no-raw", .set = &o->no_raw},
        {.name = "--json", .set = &o->json},
        {.name = "--csv", .set = &o->csv},
        {.name = "--help", .set = &o->help},
        {.name = "--version", .set = &o->version},
    };
    int used = 0;

    *o = (struct options){
        .target = {.host = OPTIONS_HOST_DEFAULT, .password = getenv(OPTIONS_PASSWORD_VARIABLE)}};
    if (argc == 1 && strcmp(argv[0], "-h") == 0) {
        o->help = true;
        return true;
    }
    if (!flags_parse(flags, COUNT_OF(flags), argc, argv, &used, why))
        return false;
    o->target.port = (int)port;
    o->target.proto = resp3 || (o->json && !resp2) ? 3 : resp2 ? 2 : 0;
    o->rest = argv + used;
    o->rest_count = argc - used;
    return options_check(o, resp2, resp3, why);
}

bool options_is_tool(const struct options *o, const char *tool)
{
    return o->rest_count > 0 && strcmp(o->rest[0], tool) == 0 &&
           (o->rest_count == 1 || o->rest[1][0] == '-');
}
