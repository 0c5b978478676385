/* SPDX-License-Identifier: BSD-3-Clause */
#include "server/options.h"

#include "base/check.h"
#include "base/mem.h"
#include "server/config_check.h"
#include "server/config_files.h"
#include "server/usage.h"
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

/* The words of the command line, sorted by what they are. */
struct command_line {
    const char *file; /* NULL: none */
    bool reads_stdin;
    bool checks;
    char **options; /* owned; the words borrowed */
    int option_count;
};

/* --check-config may stand anywhere; the file first of the others, and "-" first or last of what is left. */
static void command_line_init(struct command_line *l, int argc, char **argv)
{
    char **words = mem_zalloc((size_t)argc + 1, sizeof(char *));
    int count = 0;
    *l = (struct command_line){.options = words};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--check-config") == 0)
            l->checks = true;
        else
            words[count++] = argv[i];
    }
    int first = 0;
    if (count > 0 && words[0][0] != '-' && words[0][0] != '\0')
        l->file = words[first++];
    if (first < count && strcmp(words[first], "-") == 0) {
        l->reads_stdin = true;
        first++;
    } else if (first < count && strcmp(words[count - 1], "-") == 0) {
        l->reads_stdin = true;
        count--;
    }
    l->option_count = count - first;
    memmove(words, words + first, (size_t)l->option_count * sizeof(*words));
}

static enum err read_stdin(struct config_source *s)
{
    struct buf text = {0}, why = {0};
    enum err err = config_files_read_stdin(&text, &why);
    if (err == ERR_OK) {
        err = config_read_text(s, "standard input", buf_bytes(&text));
    } else {
        s->problems++;
        buf_printf(s->why, "cannot read the configuration from standard input: %.*s", (int)why.len,
                   why.data);
    }
    buf_deinit(&text);
    buf_deinit(&why);
    return err;
}

/* From the weakest source to the strongest; up to the first problem, or all of them. */
static enum err read_sources(struct config_source *s, const struct command_line *l,
                             char *const *environment)
{
    enum err err = l->file == NULL ? ERR_OK : config_read_file(s, l->file);
    if (l->reads_stdin && (err == ERR_OK || s->to_the_end))
        err = read_stdin(s);
    if (err == ERR_OK || s->to_the_end)
        err = config_read_environment(s, environment);
    if (err == ERR_OK || s->to_the_end)
        err = config_read_options(s, l->option_count, l->options);
    return s->problems == 0 ? ERR_OK : ERR_INVALID;
}

static void print_problems(struct bytes why)
{
    while (why.len > 0) {
        const char *end = memchr(why.data, '\n', why.len);
        size_t len = end == NULL ? why.len : (size_t)(end - why.data);
        fprintf(stderr, "echolog-server: %.*s\n", (int)len, why.data);
        len += end != NULL;
        why = bytes_of(why.data + len, why.len - len);
    }
}

static char *absolute(const char *path)
{
    char real[PATH_MAX];
    return mem_strdup(path == NULL ? "" : realpath(path, real) != NULL ? real : path);
}

/* Whether one of them is the only word. */
static bool is_only(int argc, char **argv, const char *name, const char *long_name)
{
    return argc == 2 && (strcmp(argv[1], name) == 0 || strcmp(argv[1], long_name) == 0);
}

enum options_result options_read(int argc, char **argv, char *const *environment,
                                 struct config *config, char **file)
{
    *file = mem_strdup("");
    if (is_only(argc, argv, "-v", "--version")) {
        usage_print_version(stdout);
        return OPTIONS_DONE;
    }
    if (is_only(argc, argv, "-h", "--help")) {
        usage_print(stdout);
        return OPTIONS_DONE;
    }
    struct command_line line;
    struct buf why = {0};
    command_line_init(&line, argc, argv);
    struct config_source source = {
        .config = config, .files = &config_files, .to_the_end = line.checks, .why = &why};
    enum err err = read_sources(&source, &line, environment);
    if (line.checks)
        config_check(&source);
    mem_free(*file);
    *file = absolute(line.file);
    print_problems(buf_bytes(&why));
    buf_deinit(&why);
    mem_free(line.options);
    if (err != ERR_OK || source.problems > 0)
        return OPTIONS_BAD;
    if (!line.checks)
        return OPTIONS_RUN;
    puts("ok");
    return OPTIONS_DONE;
}
