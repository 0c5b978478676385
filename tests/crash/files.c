/* SPDX-License-Identifier: BSD-3-Clause */
#include "crash/files.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILES_MAX 4096
#define TORN_MAX 400
#define BATCH_LEN_ENDS 12

struct stored_file *list_files(const char *dir, uint32_t *count)
{
    struct stored_file *files = calloc(FILES_MAX, sizeof(*files));
    char command[2 * PROCESS_PATH_MAX];
    snprintf(command, sizeof(command),
             "find '%s' -type f -printf '%%s %%p\\n' | LC_ALL=C sort -k 2", dir);
    FILE *list = popen(command, "r");
    *count = 0;
    while (list != NULL && *count < FILES_MAX &&
           fscanf(list, "%lld %511s", &files[*count].size, files[*count].path) == 2)
        ++*count;
    if (list != NULL)
        pclose(list);
    return files;
}

bool is_log(const struct stored_file *file)
{
    size_t len = strlen(file->path);
    return len > 4 && strcmp(file->path + len - 4, ".log") == 0;
}

bool has_journal(const char *dir)
{
    static const char suffix[] = ".journal";
    uint32_t count;
    bool has = false;
    struct stored_file *files = list_files(dir, &count);
    for (uint32_t i = 0; i < count; i++) {
        size_t len = strlen(files[i].path);
        has |= len >= sizeof(suffix) && files[i].size > 0 &&
               strcmp(files[i].path + len - (sizeof(suffix) - 1), suffix) == 0;
    }
    free(files);
    return has;
}

/* The length of the batch that begins so: behind base offset and length field. */
static size_t batch_len(const unsigned char *bytes)
{
    return BATCH_LEN_ENDS +
           ((size_t)bytes[8] << 24 | (size_t)bytes[9] << 16 | (size_t)bytes[10] << 8 | bytes[11]);
}

/* The beginning of a batch that has been there before: it looks right and is not whole. (A whole one, which
 * no write leaves that was cut short, would be damage.) */
static bool tear(const struct stored_file *file, struct random *r)
{
    unsigned char bytes[TORN_MAX];
    size_t len = random_between(r, 1, TORN_MAX);
    int fd = open(file->path, O_RDWR);
    if (fd < 0)
        return false;
    ssize_t got = pread(fd, bytes, len, 0);
    if (got >= BATCH_LEN_ENDS && batch_len(bytes) <= (size_t)got)
        got = (ssize_t)random_between(r, 1, (uint32_t)batch_len(bytes) - 1);
    bool done = got > 0 && pwrite(fd, bytes, (size_t)got, file->size) == got;
    close(fd);
    return done;
}

static bool are_of_one_partition(const struct stored_file *a, const struct stored_file *b)
{
    size_t len = (size_t)(strrchr(a->path, '/') - a->path);
    return strncmp(a->path, b->path, len + 1) == 0;
}

uint32_t tear_logs(const char *dir, struct random *r)
{
    uint32_t count, torn = 0;
    struct stored_file *files = list_files(dir, &count);
    const struct stored_file *newest = NULL;
    for (uint32_t i = 0; i < count; i++) {
        if (is_log(&files[i]))
            newest = &files[i];
        bool last = i + 1 == count || !are_of_one_partition(&files[i], &files[i + 1]);
        if (last && newest != NULL && random_chance(r, 50))
            torn += tear(newest, r);
        if (last)
            newest = NULL;
    }
    free(files);
    return torn;
}
