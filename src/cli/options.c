/* SPDX-License-Identifier: BSD-3-Clause */
/* The global options. */
#include "cli/options.h"
#include "base/mem.h"
#include "base/num.h"
#include "cli/mass.h"
#include <stdlib.h>
#include <string.h>

static const char help_text[] =
    "echolog-cli " ECHOLOG_VERSION "\n"
    "\n"
    "Usage: echolog-cli [options] [command [argument ...]]\n"
    "       echolog-cli [options] tool [...]    see echolog-cli tool --help\n"
    "\n"
    "  -h, --host name    server (default " OPTIONS_HOST_DEFAULT ")\n"
    "  -p, --port n       port (default 3246)\n"
    "      --bootstrap-server host:port\n"
    "                     the same as Kafka's users say it, also behind a tool's name\n"
    "  -s path            Unix socket, in place of host and port\n"
    "  -a, --pass text    password; better in the variable " OPTIONS_PASSWORD_VARIABLE "\n"
    "                     (or " OPTIONS_REDIS_PASSWORD_VARIABLE ")\n"
    "      --askpass      ask for the password\n"
    "      --user name    user, with a password\n"
    "  -u uri             all of it: redis://user:password@host:port, rediss:// with TLS\n"
    "      --tls          speak TLS\n"
    "      --cacert file  whose signature makes the server's certificate good (PEM);\n"
    "      --cacertdir d  the same as a directory (default: those the system trusts)\n"
    "      --insecure     take any certificate\n"
    "      --cert file    a certificate of one's own, and\n"
    "      --key file     its private key\n"
    "      --sni name     the server's name to ask for\n"
    "      --tls-ciphers list, --tls-ciphersuites list\n"
    "                     ciphers up to TLS 1.2, and of TLS 1.3\n"
    "  -2, -3             speak RESP2 (the default) or RESP3\n"
    "      --raw          print replies as they are (default when the output is no terminal)\n"
    "      --no-raw       print replies for reading, also into a pipe or file\n"
    "      --json         print each reply as a line of JSON; speaks RESP3 unless -2 is given\n"
    "      --csv          print each reply as comma-separated values, a record a line\n"
    "  -x                 take the command's last argument from standard input\n"
    "  -r count           run the command so many times (-1: until it is stopped)\n"
    "  -i seconds         wait between them; 0.1 is possible\n"
    "      --pipe         send commands (RESP, or lines) from standard input, and count replies\n"
    "      --pipe-timeout seconds\n"
    "                     with --pipe: give up when all is sent and no reply comes for so long\n"
    "                     (default 30; 0: never)\n"
    "      --help         this text\n"
    "      --version      the version\n"
    "\n"
    "Tools:\n"
    "  topics     make, show, change and delete topics\n"
    "  produce    write lines to a topic as records\n"
    "  consume    print the records of a topic\n"
    "  groups     show consumer groups, move and delete them\n"
    "  lag        how far behind groups are, watched if you like\n"
    "  tail       several topics and channels as they come\n"
    "  bench      a short load, and how long its requests took\n"
    "  lab        a course: what becomes of a message, played live, with guesses\n"
    "\n"
    "Without a command it prompts for commands, or reads them line by line from a pipe or file.\n"
    "The exit status is 0; 1 when a reply was an error; 2 when the server could not be reached or "
    "the\n"
    "connection was lost, or when the command line makes no sense.\n";

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
    else if (o->target.socket != NULL && o->target.secure.on)
        wrong = "-s and --tls exclude each other: a Unix socket does not leave this machine";
    else if ((o->target.secure.cert == NULL) != (o->target.secure.key == NULL))
        wrong = "--cert and --key belong together";
    else if (o->target.user != NULL && o->target.password == NULL && !o->askpass)
        wrong = "--user needs a password: -a, or the variable " OPTIONS_PASSWORD_VARIABLE;
    else if (o->rest_count == 0 && (o->last_from_input || o->repeat != 1))
        wrong = "-x and -r need a command";
    else if (o->interval_us > 0 && o->repeat == 1)
        wrong = "-i needs -r";
    else if (o->repeat == 0)
        wrong = "-r takes how many times, or -1";
    else if (o->mass && o->rest_count > 0)
        wrong = "--pipe takes commands from standard input only";
    if (wrong != NULL)
        snprintf(why, FLAGS_WHY_BYTES, "%s", wrong);
    return wrong == NULL;
}

/* What the URI says wins. */
static bool options_take_uri(struct options *o, const char *text, int64_t *port, char *why)
{
    struct connection_target *t = &o->target;

    if (!uri_parse(&o->uri, text, why))
        return false;
    if (o->uri.host != NULL)
        t->host = o->uri.host;
    if (o->uri.port != 0)
        *port = o->uri.port;
    if (o->uri.user != NULL)
        t->user = o->uri.user;
    if (o->uri.password != NULL)
        t->password = o->uri.password;
    t->secure.on |= o->uri.tls;
    return true;
}

/* "localhost:3246", "localhost", "[::1]:3246" */
static bool options_server(struct options *o, const char *text, int64_t *port, char *why)
{
    struct bytes host = bytes_of_string(text);
    const char *colon = strrchr(text, ':');
    bool bracketed = text[0] == '[' && strchr(text, ']') != NULL;

    if (colon != NULL && (!bracketed || colon > strchr(text, ']'))) {
        host.len = (size_t)(colon - text);
        if (!num_parse_i64(bytes_of_string(colon + 1), port) || *port < 1 || *port > 65535)
            host.len = 0;
    }
    if (bracketed && host.len >= 2)
        host = bytes_of(host.data + 1, host.len - 2);
    if (host.len == 0 || strchr(text, ',') != NULL) {
        snprintf(why, FLAGS_WHY_BYTES,
                 "--bootstrap-server takes one host:port, such as 127.0.0.1:3246, not '%s'", text);
        return false;
    }
    mem_free(o->server);
    o->server = mem_strndup(host.data, host.len);
    o->target.host = o->server;
    return true;
}

bool options_take_server(struct options *o, char why[FLAGS_WHY_BYTES])
{
    static const char *const names[] = {"--bootstrap-server", "--broker-list"};
    int64_t port = o->target.port;
    int kept = 0;

    o->tool_words = mem_alloc(((size_t)o->rest_count + 1) * sizeof(*o->tool_words));
    for (int i = 0; i < o->rest_count; i++) {
        const char *value = NULL;

        for (size_t n = 0; n < COUNT_OF(names) && value == NULL; n++) {
            size_t len = strlen(names[n]);

            if (strncmp(o->rest[i], names[n], len) != 0)
                continue;
            if (o->rest[i][len] == '=')
                value = o->rest[i] + len + 1;
            else if (o->rest[i][len] == '\0')
                value = i + 1 < o->rest_count ? o->rest[++i] : "";
        }
        if (value == NULL)
            o->tool_words[kept++] = o->rest[i];
        else if (!options_server(o, value, &port, why))
            return false;
    }
    o->target.port = (int)port;
    o->rest = o->tool_words;
    o->rest_count = kept;
    return true;
}

static const char *options_environment_password(void)
{
    const char *password = getenv(OPTIONS_PASSWORD_VARIABLE);

    return password != NULL ? password : getenv(OPTIONS_REDIS_PASSWORD_VARIABLE);
}

void options_deinit(struct options *o)
{
    uri_deinit(&o->uri);
    mem_free(o->server);
    mem_free(o->tool_words);
}

static void options_choose_server(struct options *o, int64_t port)
{
    struct connection_target *t = &o->target;

    o->server_named = t->host != NULL || port != 0 || t->socket != NULL;
    t->port = port != 0 ? (int)port : OPTIONS_PORT_DEFAULT;
    if (t->host == NULL)
        t->host = OPTIONS_HOST_DEFAULT;
}

bool options_parse(struct options *o, int argc, char *const *argv, char why[FLAGS_WHY_BYTES])
{
    int64_t port = 0;
    bool resp2 = false, resp3 = false;
    const char *uri = NULL, *server = NULL;
    struct secure_options *secure = &o->target.secure;
    const struct flag flags[] = {
        {.name = "-h", .text = &o->target.host},
        {.name = "--host", .text = &o->target.host},
        {.name = "-p", .number = &port, .number_min = 1, .number_max = 65535},
        {.name = "--bootstrap-server", .text = &server},
        {.name = "--port", .number = &port, .number_min = 1, .number_max = 65535},
        {.name = "-a", .text = &o->target.password},
        {.name = "--pass", .text = &o->target.password},
        {.name = "--user", .text = &o->target.user},
        {.name = "--askpass", .set = &o->askpass},
        {.name = "-s", .text = &o->target.socket},
        {.name = "-u", .text = &uri},
        {.name = "--tls", .set = &secure->on},
        {.name = "--cacert", .text = &secure->ca_file},
        {.name = "--cacertdir", .text = &secure->ca_dir},
        {.name = "--insecure", .set = &secure->insecure},
        {.name = "--cert", .text = &secure->cert},
        {.name = "--key", .text = &secure->key},
        {.name = "--sni", .text = &secure->sni},
        {.name = "--tls-ciphers", .text = &secure->ciphers},
        {.name = "--tls-ciphersuites", .text = &secure->ciphersuites},
        {.name = "-2", .set = &resp2},
        {.name = "-3", .set = &resp3},
        {.name = "--raw", .set = &o->raw},
        {.name = "--no-raw", .set = &o->no_raw},
        {.name = "--json", .set = &o->json},
        {.name = "--csv", .set = &o->csv},
        {.name = "-x", .set = &o->last_from_input},
        {.name = "-r", .number = &o->repeat, .number_min = -1, .number_max = INT64_MAX},
        {.name = "-i", .micros = &o->interval_us},
        {.name = "--pipe", .set = &o->mass},
        {.name = "--pipe-timeout", .number = &o->mass_timeout_s, .number_max = FLAGS_SECONDS_MAX},
        {.name = "--help", .set = &o->help},
        {.name = "--version", .set = &o->version},
    };
    int used = 0;

    *o = (struct options){.target = {.password = options_environment_password()},
                          .repeat = 1,
                          .mass_timeout_s = MASS_TIMEOUT_S_DEFAULT};
    if (argc == 1 && strcmp(argv[0], "-h") == 0) {
        o->help = true;
        return true;
    }
    if (!flags_parse(flags, COUNT_OF(flags), argc, argv, &used, why))
        return false;
    if ((uri != NULL && !options_take_uri(o, uri, &port, why)) ||
        (server != NULL && !options_server(o, server, &port, why))) {
        options_deinit(o);
        return false;
    }
    options_choose_server(o, port);
    o->target.proto = resp3 || (o->json && !resp2) ? 3 : resp2 ? 2 : 0;
    o->rest = argv + used;
    o->rest_count = argc - used;
    if (options_check(o, resp2, resp3, why))
        return true;
    options_deinit(o);
    return false;
}

bool options_is_lab(const struct options *o)
{
    return o->rest_count > 0 && strcmp(o->rest[0], "lab") == 0;
}

bool options_is_tool(const struct options *o, const char *tool)
{
    return o->rest_count > 0 && strcmp(o->rest[0], tool) == 0 &&
           (o->rest_count == 1 || o->rest[1][0] == '-');
}
