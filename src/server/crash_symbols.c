/* SPDX-License-Identifier: BSD-3-Clause */
/* The file is the one that runs, and yet every offset in it is checked: a report must not fall over a file
 * that is not what it should be. */
#include "server/crash_symbols.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

void crash_symbols_open(struct crash_symbols *s, const char *path)
{
    struct stat st;
    *s = (struct crash_symbols){0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    if (fstat(fd, &st) == 0 && st.st_size > (off_t)sizeof(ElfW(Ehdr))) {
        void *map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (map != MAP_FAILED)
            *s = (struct crash_symbols){.file = map, .len = (size_t)st.st_size};
    }
    close(fd);
    if (s->file != NULL && memcmp(s->file, ELFMAG, SELFMAG) != 0)
        crash_symbols_close(s);
}

void crash_symbols_close(struct crash_symbols *s)
{
    if (s->file != NULL)
        munmap((void *)(uintptr_t)s->file, s->len);
    *s = (struct crash_symbols){0};
}

/* `count` items of `size` at `at`, or NULL when they are not all inside of the file. */
static const void *items_at(const struct crash_symbols *s, uint64_t at, uint64_t count, size_t size)
{
    if (at > s->len || count > (s->len - at) / size || at % sizeof(uint64_t) != 0)
        return NULL;
    return s->file + at;
}

/* The table of all symbols; the one for the linker at run time has only those of others. */
static const ElfW(Shdr) * find_table(const struct crash_symbols *s, const ElfW(Shdr) * *strings)
{
    const ElfW(Ehdr) *head = (const void *)s->file;
    const ElfW(Shdr) *sections = items_at(s, head->e_shoff, head->e_shnum, sizeof(*sections));
    for (size_t i = 0; sections != NULL && i < head->e_shnum; i++) {
        if (sections[i].sh_type != SHT_SYMTAB || sections[i].sh_link >= head->e_shnum)
            continue;
        *strings = &sections[sections[i].sh_link];
        return &sections[i];
    }
    return NULL;
}

static const char *name_of(const struct crash_symbols *s, const ElfW(Shdr) * strings, size_t name)
{
    uint64_t at = strings->sh_offset + name;
    if (name >= strings->sh_size || at >= s->len || memchr(s->file + at, '\0', s->len - at) == NULL)
        return NULL;
    return s->file + at;
}

const char *crash_symbols_find(const struct crash_symbols *s, uint64_t offset, uint64_t *within)
{
    const ElfW(Shdr) * strings;
    const ElfW(Shdr) *table = s->file == NULL ? NULL : find_table(s, &strings);
    if (table == NULL)
        return NULL;
    size_t count = table->sh_size / sizeof(ElfW(Sym));
    const ElfW(Sym) *symbols = items_at(s, table->sh_offset, count, sizeof(*symbols));
    for (size_t i = 0; symbols != NULL && i < count; i++) {
        const ElfW(Sym) *symbol = &symbols[i];
        if (ELF64_ST_TYPE(symbol->st_info) != STT_FUNC || offset < symbol->st_value ||
            offset - symbol->st_value >= symbol->st_size)
            continue;
        *within = offset - symbol->st_value;
        return name_of(s, strings, symbol->st_name);
    }
    return NULL;
}
