/* SPDX-License-Identifier: BSD-3-Clause */
/* Replays a fuzz target's corpus without libFuzzer: `replay DIR` feeds every file of DIR to the
 * target, then every file cut short at a few places, and an empty input. A target fails by crashing.
 * It knows nothing of what the target tests. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* A heap copy of exactly `len` bytes, so that a sanitizer sees a read past the end. */
static void replay_bytes(const uint8_t *data, size_t len)
{
    uint8_t *copy = malloc(len + (len == 0));
    if (copy == NULL)
        abort();
    for (size_t i = 0; i < len; i++)
        copy[i] = data[i];
    LLVMFuzzerTestOneInput(copy, len);
    free(copy);
}

static int replay_file(const char *path, size_t len)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = malloc(len + 1);
    if (file == NULL || data == NULL) {
        perror(path);
        return 1;
    }
    size_t got = fread(data, 1, len, file);
    fclose(file);
    replay_bytes(data, got);
    for (size_t cut = 1; cut <= 4; cut++)
        replay_bytes(data, got * cut / 5);
    free(data);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s DIR\n", argv[0]);
        return 2;
    }
    replay_bytes(NULL, 0);
    DIR *dir = opendir(argv[1]);
    if (dir == NULL) {
        perror(argv[1]);
        return 1;
    }
    int count = 0, status = 0;
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        char path[4096];
        struct stat st;
        snprintf(path, sizeof(path), "%s/%s", argv[1], entry->d_name);
        if (stat(path, &st) != 0 || !S_ISREG(st.st_mode))
            continue;
        status |= replay_file(path, (size_t)st.st_size);
        count++;
    }
    closedir(dir);
    printf("%d inputs replayed\n", count);
    return status;
}
