/* SPDX-License-Identifier: BSD-3-Clause */
#include "server/usage.h"

#include "config/config.h"
#include "server/process.h"
#include <openssl/crypto.h>

static const char head[] =
    "Usage: echolog-server [file] [--directive value ...] [-]\n"
    "\n"
    "  file                a configuration file (conf/echolog.conf explains every directive)\n"
    "  -                   more of it from standard input\n"
    "  --directive value   any directive of the file; these win over all else\n"
    "  --check-config      read all of it, print 'ok' or every problem, start nothing\n"
    "  -v, --version       print the version\n"
    "  -h, --help          print this\n"
    "\n"
    "Any directive may also be a variable of the environment, as ECHOLOG_LOG_RETENTION_MS for\n"
    "log-retention-ms: these win over the file.\n"
    "\n"
    "Examples:\n"
    "  echolog-server                             on port 3246, data in ./echolog-data\n"
    "  echolog-server /etc/echolog/echolog.conf\n"
    "  echolog-server --port 7777 --dir /var/lib/echolog --default-ack written\n"
    "  echolog-server --port any                  a free port, printed at start\n"
    "\n"
    "Directives, with their defaults:\n";

/* What a value looks like. */
static void print_value(const struct directive *d, FILE *to)
{
    switch (d->type) {
    case DIRECTIVE_INT:
        fputs("number", to);
        break;
    case DIRECTIVE_SIZE:
        fputs("bytes", to);
        break;
    case DIRECTIVE_BOOL:
        fputs("yes|no", to);
        break;
    case DIRECTIVE_STRING:
        fputs("text", to);
        break;
    case DIRECTIVE_ENUM:
        for (const struct directive_word *w = d->words; w->word != NULL; w++)
            fprintf(to, "%s%s", w == d->words ? "" : "|", w->word);
        break;
    case DIRECTIVE_CUSTOM:
        fputs("value", to);
        break;
    }
    fputs(d->flags & DIRECTIVE_WORDS ? " ..." : "", to);
}

static void print_directive(const struct directive *d, FILE *to)
{
    fprintf(to, "  --%s ", d->name);
    print_value(d, to);
    fprintf(to, "\n            %s", d->summary);
    if (d->initial[0] != '\0')
        fprintf(to, " (%s)", d->initial);
    fputc('\n', to);
}

void usage_print(FILE *to)
{
    fputs(head, to);
    for (size_t i = 0; i < config_table.count; i++)
        print_directive(&config_table.items[i], to);
}

void usage_print_version(FILE *to)
{
    char name[32];
    const char *allocator = process_allocator(name, sizeof(name));
#ifdef __clang__
    const char *compiler = "clang " __clang_version__;
#else
    const char *compiler = "gcc " __VERSION__;
#endif
    fprintf(to, "echolog-server %s, malloc %s, TLS %s, compiler %s, %zu bits\n", ECHOLOG_VERSION,
            allocator, ECHOLOG_TLS ? OpenSSL_version(OPENSSL_VERSION) : "none", compiler,
            sizeof(void *) * 8);
}
