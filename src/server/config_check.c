/* SPDX-License-Identifier: BSD-3-Clause */
#include "server/config_check.h"

#include "base/mem.h"
#include "commands/access_set.h"
#include "commands/command.h"
#include "commands/command_vocabulary.h"
#include "config/quote.h"
#include "server/listeners.h"
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static void begin_problem(struct config_source *s)
{
    if (s->problems++ > 0)
        buf_append_char(s->why, '\n');
}

/* All of it, on one line. */
static void append_quoted(struct buf *why, struct bytes text)
{
    while (text.len > 0) {
        size_t len = text.len < QUOTE_BYTES_MAX ? text.len : QUOTE_BYTES_MAX;
        quote_append(why, bytes_of(text.data, len));
        text = bytes_of(text.data + len, text.len - len);
    }
}

static void problem(struct config_source *s, const char *name, const char *value, const char *cause)
{
    begin_problem(s);
    buf_printf(s->why, "%s '", name);
    append_quoted(s->why, bytes_of_string(value));
    buf_printf(s->why, "': %s", cause);
}

/* --- files ---------------------------------------------------------------------------------- */

enum use {
    USE_READ,      /* a file that must be there */
    USE_WRITE,     /* a file that is made where it is not there */
    USE_SEARCH,    /* a directory that must be there */
    USE_DIRECTORY, /* a directory that is made where it is not there */
};

/* Those that a build does not have are passed over. "" is none, for all of them. */
static const struct named_file {
    const char *directive;
    enum use use;
} named_files[] = {
    {"dir", USE_DIRECTORY},           {"logfile", USE_WRITE},
    {"pidfile", USE_WRITE},           {"unixsocket", USE_WRITE},
    {"tls-cert-file", USE_READ},      {"tls-key-file", USE_READ},
    {"tls-dh-params-file", USE_READ}, {"tls-ca-cert-file", USE_READ},
    {"tls-ca-cert-dir", USE_SEARCH},
};

/* Why nothing can be made at `path`, which is not there; or NULL. */
static const char *cannot_make(const char *path)
{
    char *trimmed = mem_strdup(path);
    size_t len = strlen(trimmed);
    while (len > 1 && trimmed[len - 1] == '/')
        trimmed[--len] = '\0';
    char *slash = strrchr(trimmed, '/');
    const char *parent = slash == NULL ? "." : slash == trimmed ? "/" : trimmed;
    if (slash != NULL && slash != trimmed)
        *slash = '\0';
    struct stat st;
    const char *cause = NULL;
    if (stat(parent, &st) != 0)
        cause = errno == ENOENT ? "its parent directory does not exist" : strerror(errno);
    else if (!S_ISDIR(st.st_mode))
        cause = "its parent is not a directory";
    else if (access(parent, W_OK | X_OK) != 0)
        cause = strerror(errno);
    mem_free(trimmed);
    return cause;
}

static const char *cannot_use(const char *path, enum use use)
{
    bool directory = use == USE_DIRECTORY || use == USE_SEARCH;
    bool made = use == USE_WRITE || use == USE_DIRECTORY;
    struct stat st;
    if (stat(path, &st) != 0)
        return errno == ENOENT && made ? cannot_make(path) : strerror(errno);
    if (directory && !S_ISDIR(st.st_mode))
        return "it is not a directory";
    if (!directory && S_ISDIR(st.st_mode))
        return "it is a directory";
    int mode = (made ? W_OK : R_OK) | (directory ? X_OK : 0);
    return access(path, mode) == 0 ? NULL : strerror(errno);
}

static void check_files(struct config_source *s)
{
    for (size_t i = 0; i < COUNT_OF(named_files); i++) {
        const struct named_file *f = &named_files[i];
        const struct directive *d = directive_find(&config_table, bytes_of_string(f->directive));
        /* Where TLS is on, its files are read whole: see check_tls. */
        bool is_read =
            s->config->tls_port != 0 && bytes_starts_with(bytes_of_string(f->directive), "tls-");
        if (d == NULL || is_read)
            continue;
        struct buf path = {0};
        directive_get(d, s->config, &path);
        buf_append_char(&path, '\0');
        const char *cause = path.data[0] == '\0' ? NULL : cannot_use(path.data, f->use);
        if (cause != NULL)
            problem(s, f->directive, path.data, cause);
        buf_deinit(&path);
    }
}

/* --- addresses ------------------------------------------------------------------------------- */

static bool is_numeric(const char *address)
{
    const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found;
    if (strcmp(address, "*") == 0 || strcmp(address, "::*") == 0)
        return true;
    if (getaddrinfo(address, NULL, &hints, &found) != 0)
        return false;
    freeaddrinfo(found);
    return true;
}

static void check_addresses(struct config_source *s, const char *directive, const char *addresses)
{
    char *list = mem_strdup(addresses), *rest = list, *address;
    while ((address = strtok_r(NULL, " ", &rest)) != NULL)
        if (!is_numeric(address + (address[0] == '-')))
            problem(s, directive, address, "it is not an address");
    mem_free(list);
}

/* --- users ---------------------------------------------------------------------------------- */

/* Those of the configuration, or of its aclfile, are set up as a start would. */
static void check_users(struct config_source *s)
{
    struct command_table *commands = command_table_create();
    struct access_vocabulary *vocabulary = command_vocabulary_create(commands);
    struct services sv = {
        .config = s->config,
        .config_files = s->files,
        .users = users_create(vocabulary),
    };
    struct buf why = {0};
    if (access_open(&sv, &why) != ERR_OK) {
        begin_problem(s);
        append_quoted(s->why, buf_bytes(&why));
    }
    buf_deinit(&why);
    users_destroy(sv.users);
    command_vocabulary_destroy(vocabulary);
    command_table_destroy(commands);
}

/* --- TLS ------------------------------------------------------------------------------------ */

static void check_tls(struct config_source *s)
{
    struct tls_context *context;
    const char *directive = "tls-port";
    struct buf why = {0};
    if (s->config->tls_port == 0)
        return;
    if (listeners_open_context(s->config, &context, &directive, &why) == ERR_OK) {
        tls_context_unref(context);
    } else {
        begin_problem(s);
        buf_printf(s->why, "%s: ", directive);
        append_quoted(s->why, buf_bytes(&why));
    }
    buf_deinit(&why);
}

void config_check(struct config_source *s)
{
    check_files(s);
    check_addresses(s, "bind", s->config->bind);
    check_addresses(s, "metrics-bind", s->config->metrics_bind);
    check_users(s);
    check_tls(s);
}
