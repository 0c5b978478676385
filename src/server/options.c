/* SPDX-License-Identifier: BSD-3-Clause */
#include "server/options.h"

#include "base/check.h"
#include "base/mem.h"
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#define CONFIG_FILE_BYTES_MAX (1024 * 1024)

static const char usage[] =
    "Usage: echolog-server [file] [--directive value ...]\n"
    "\n"
    "  file                a configuration file (conf/echolog.conf explains every directive)\n"
    "  --directive value   any directive of the file; these win over it\n"
    "  -v, --version       print the version\n"
    "  -h, --help          print this\n"
    "\n"
    "Examples:\n"
    "  echolog-server                             on port 3246, data in ./echolog-data\n"
    "  echolog-server /etc/echolog/echolog.conf\n"
    "  echolog-server --port 7777 --dir /var/lib/echolog --default-ack written\n"
    "  echolog-server --port 0                    a free port, printed at start\n";

/* The whole file, or NULL with a line printed. */
static bool read_file(const char *path, struct buf *text)
{
    FILE *f = fopen(path, "re");
    if (f == NULL) {
        fprintf(stderr, "echolog-server: cannot open the configuration file '%s': %s\n", path,
                strerror(errno));
        return false;
    }
    size_t got;
    do {
        char *place = buf_reserve(text, 4096);
        got = fread(place, 1, 4096, f);
        text->len += got;
    } while (got > 0 && text->len <= CONFIG_FILE_BYTES_MAX);
    bool failed = ferror(f) != 0;
    fclose(f);
    if (failed || text->len > CONFIG_FILE_BYTES_MAX) {
        fprintf(stderr, "echolog-server: cannot read the configuration file '%s': %s\n", path,
                failed ? strerror(errno) : "it is longer than 1 MiB");
        return false;
    }
    return true;
}

static bool read_config_file(struct config *config, const char *path)
{
    struct buf text = {0};
    struct buf why = {0};
    bool ok = read_file(path, &text);
    if (ok && config_read(config, path, buf_bytes(&text), &why) != ERR_OK) {
        fprintf(stderr, "echolog-server: %.*s\n", (int)why.len, why.data);
        ok = false;
    }
    buf_deinit(&text);
    buf_deinit(&why);
    return ok;
}

enum options_result options_read(int argc, char **argv, struct config *config, char **file)
{
    *file = mem_strdup("");
    if (argc == 2 && (strcmp(argv[1], "-v") == 0 || strcmp(argv[1], "--version") == 0)) {
        printf("echolog-server %s\n", ECHOLOG_VERSION);
        return OPTIONS_DONE;
    }
    if (argc == 2 && (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0)) {
        fputs(usage, stdout);
        return OPTIONS_DONE;
    }
    int first = 1;
    if (argc > 1 && argv[1][0] != '-') {
        if (!read_config_file(config, argv[1]))
            return OPTIONS_BAD;
        char path[PATH_MAX];
        if (realpath(argv[1], path) != NULL) {
            mem_free(*file);
            *file = mem_strdup(path);
        }
        first = 2;
    }
    struct buf why = {0};
    enum err err = config_read_options(config, argc - first, argv + first, &why);
    if (err != ERR_OK)
        fprintf(stderr, "echolog-server: %.*s\n", (int)why.len, why.data);
    buf_deinit(&why);
    return err == ERR_OK ? OPTIONS_RUN : OPTIONS_BAD;
}
