/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit/config/fake_files.h"
#include "base/check.h"
#include <stdio.h>

static struct fake_files *fake_of(const struct config_files *f)
{
    return (struct fake_files *)(void *)(uintptr_t)f;
}

/* "./x" is "x": the same file by another path. */
static enum err read_fake(const struct config_files *files, const char *path, struct buf *text,
                          struct buf *id, struct buf *why)
{
    struct fake_files *f = fake_of(files);

    if (strncmp(path, "./", 2) == 0)
        path += 2;
    for (size_t i = 0; i < f->count; i++) {
        if (strcmp(f->items[i].path, path) != 0)
            continue;
        buf_append_bytes(text, buf_bytes(&f->items[i].text));
        buf_append_string(id, path);
        return ERR_OK;
    }
    buf_append_string(why, "No such file or directory");
    return ERR_NOT_FOUND;
}

static enum err match_fake(const struct config_files *files, const char *pattern,
                           enum err (*found)(void *ctx, const char *path), void *ctx)
{
    struct fake_files *f = fake_of(files);
    size_t before = strcspn(pattern, "*");
    const char *behind = pattern + before + (pattern[before] == '*');
    enum err err = strncmp(pattern, "locked/", 7) == 0 ? ERR_ACCESS : ERR_OK;

    for (size_t i = 0; err == ERR_OK && i < f->count; i++) {
        const char *path = f->items[i].path;
        size_t len = strlen(path), behind_len = strlen(behind);

        if (len >= before + behind_len && strncmp(path, pattern, before) == 0 &&
            strcmp(path + len - behind_len, behind) == 0)
            err = found(ctx, path);
    }
    return err;
}

void fake_files_init(struct fake_files *f)
{
    *f = (struct fake_files){.files = {.read = read_fake, .match = match_fake}};
}

void fake_files_deinit(struct fake_files *f)
{
    for (size_t i = 0; i < f->count; i++)
        buf_deinit(&f->items[i].text);
    f->count = 0;
}

void fake_files_put(struct fake_files *f, const char *path, struct bytes text)
{
    size_t i = 0;

    while (i < f->count && strcmp(f->items[i].path, path) != 0)
        i++;
    ASSERT(i < FAKE_FILES_MAX);
    f->count += i == f->count;
    (void)snprintf(f->items[i].path, sizeof(f->items[i].path), "%s", path);
    buf_clear(&f->items[i].text);
    buf_append_bytes(&f->items[i].text, text);
}

void fake_files_put_string(struct fake_files *f, const char *path, const char *text)
{
    fake_files_put(f, path, bytes_of_string(text));
}
