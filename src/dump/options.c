/* SPDX-License-Identifier: BSD-3-Clause */
#include "dump/options.h"

#include "base/check.h"
#include <stddef.h>
#include <string.h>

static const struct {
    const char *name;
    size_t at;
} flags[] = {
    {"--json", offsetof(struct options, json)},
    {"--deep", offsetof(struct options, deep)},
    {"--batches", offsetof(struct options, batches)},
    {"--records", offsetof(struct options, records)},
    {"--compacted", offsetof(struct options, compacted)},
    {"--help", offsetof(struct options, help)},
    {"-h", offsetof(struct options, help)},
    {"--version", offsetof(struct options, version)},
};

static bool set_flag(struct options *o, const char *word)
{
    for (size_t i = 0; i < COUNT_OF(flags); i++) {
        if (strcmp(word, flags[i].name) != 0)
            continue;
        *(bool *)(void *)((char *)o + flags[i].at) = true;
        return true;
    }
    return false;
}

bool options_parse(struct options *o, int argc, char *const *argv, char why[OPTIONS_WHY_BYTES])
{
    bool only_paths = false;
    *o = (struct options){0};
    for (int i = 0; i < argc; i++) {
        const char *word = argv[i];
        if (!only_paths && strcmp(word, "--") == 0) {
            only_paths = true;
        } else if (!only_paths && word[0] == '-') {
            if (set_flag(o, word))
                continue;
            snprintf(why, OPTIONS_WHY_BYTES, "unknown option '%.64s'", word);
            return false;
        } else if (o->path != NULL) {
            snprintf(why, OPTIONS_WHY_BYTES, "one file or directory at a time");
            return false;
        } else {
            o->path = word;
        }
    }
    if (o->path == NULL && !o->help && !o->version) {
        snprintf(why, OPTIONS_WHY_BYTES, "which file or directory?");
        return false;
    }
    if (o->path != NULL && o->path[0] == '\0') {
        snprintf(why, OPTIONS_WHY_BYTES, "the name of the file or directory is empty");
        return false;
    }
    return true;
}

void options_print_help(FILE *out)
{
    fputs(
        "NAME\n"
        "    echolog-dump - print and check what Echolog keeps on disk\n"
        "\n"
        "SYNOPSIS\n"
        "    echolog-dump FILE|DIR [--json] [--deep] [--batches] [--records] [--compacted]\n"
        "\n"
        "DESCRIPTION\n"
        "    DIR is a data directory (all its topics and partitions) or the directory of one\n"
        "    partition. FILE is one file of a partition (.log, .index, .timeindex, checkpoint,\n"
        "    clean), of a topic (.meta) or of the journal (.journal). Each file is a line that\n"
        "    says what is in it, and what is wrong with it is a line that begins with 'error'. A\n"
        "    line that begins with 'note' tells of something odd that is no damage, such as a\n"
        "    write that a crash cut short.\n"
        "\n"
        "    Where the server was not stopped cleanly the next start takes over what is in the\n"
        "    journal. So a log is looked at as it will be then, and a note says how many bytes of\n"
        "    it are in the journal only.\n"
        "\n"
        "    Nothing is locked, changed or repaired. A server may be running on the directory.\n"
        "\n"
        "    Checked are: the headers of all batches, that offsets follow on, the checksums of\n"
        "    the first, the last and every 64th batch of a segment, all entries of the indexes\n"
        "    against the log, the checkpoint and the marker of a clean stop against both, the\n"
        "    topics against their partitions, all rounds of the journal.\n"
        "\n"
        "OPTIONS\n"
        "    --deep       check the checksum of every batch, and every record in it\n"
        "    --batches    of a directory too, print each batch and each entry of an index or of\n"
        "                 the journal; the batches in the latter with --deep\n"
        "    --records    print each record as well; implies --batches, and checksums of all\n"
        "    --json       one JSON object per line; bytes that are not UTF-8 are {\"hex\": ...}\n"
        "    --compacted  the topic was compacted once, even if it is not so now: offsets may\n"
        "                 be missing\n"
        "    --help, --version\n"
        "\n"
        "EXIT STATUS\n"
        "    0  all is fine, perhaps with notes\n"
        "    1  something is wrong\n"
        "    2  could not look: bad usage, no such file, no permission, output lost\n"
        "\n"
        "EXAMPLES\n"
        "    echolog-dump --deep echolog-data\n"
        "    echolog-dump --records echolog-data/orders-0/00000000000000000000.log\n"
        "    echolog-dump --json --records echolog-data/orders-0 | jq "
        "'select(.type==\"record\")'\n",
        out);
}
