/* SPDX-License-Identifier: BSD-3-Clause */
/* Names of this program's own functions, and files that are no programs. */
#include "server/crash_symbols.h"
#include <criterion/criterion.h>
#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

__attribute__((noinline)) static int a_private_function(int x)
{
    return x * 3 + (int)getpid();
}

static int first_object(struct dl_phdr_info *object, size_t size, void *ctx)
{
    (void)size;
    *(uintptr_t *)ctx = object->dlpi_addr;
    return 1;
}

static uint64_t offset_of(uintptr_t function)
{
    uintptr_t program = 0;
    dl_iterate_phdr(first_object, &program);
    return function - program;
}

Test(crash_symbols, functions_are_known_by_name_also_private_ones)
{
    struct crash_symbols s;
    uint64_t within = 0;
    cr_assert_neq(a_private_function(1), 0);
    crash_symbols_open(&s, "/proc/self/exe");
    uint64_t at = offset_of((uintptr_t)a_private_function);
    cr_assert_str_eq(crash_symbols_find(&s, at + 2, &within), "a_private_function");
    cr_assert_eq(within, 2);
    at = offset_of((uintptr_t)crash_symbols_find);
    cr_assert_str_eq(crash_symbols_find(&s, at, &within), "crash_symbols_find");
    cr_assert_eq(within, 0);
    cr_assert_null(crash_symbols_find(&s, 0, &within));
    cr_assert_null(crash_symbols_find(&s, UINT64_MAX, &within));
    crash_symbols_close(&s);
}

/* A copy of the start of this program, with one stretch of bytes overwritten. */
static void make_file(char path[64], size_t len, size_t at, size_t count)
{
    static char bytes[1 << 16];
    FILE *own = fopen("/proc/self/exe", "r");
    cr_assert_eq(fread(bytes, 1, sizeof(bytes), own), sizeof(bytes));
    fclose(own);
    memset(bytes + at, 0xee, count);
    strcpy(path, "/tmp/echolog-elf-XXXXXX");
    int fd = mkstemp(path);
    cr_assert_eq(write(fd, bytes, len), (ssize_t)len);
    close(fd);
}

Test(crash_symbols, no_file_is_trusted)
{
    static const struct {
        size_t len, at, count;
    } files[] = {
        {0, 0, 0},                                 /* empty */
        {64, 0, 0},                                /* nothing but a header */
        {65536, 0, 4},                             /* no program */
        {65536, 0, 0},                             /* its tables lie behind its end */
        {65536, offsetof(ElfW(Ehdr), e_shoff), 8}, /* or nowhere */
        {65536, offsetof(ElfW(Ehdr), e_shnum), 2},
    };
    uint64_t within;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        struct crash_symbols s;
        char path[64];
        make_file(path, files[i].len, files[i].at, files[i].count);
        crash_symbols_open(&s, path);
        unlink(path);
        cr_assert_null(crash_symbols_find(&s, 0x1000, &within), "file %zu", i);
        crash_symbols_close(&s);
    }
    struct crash_symbols s;
    crash_symbols_open(&s, "/nowhere/at/all");
    cr_assert_null(crash_symbols_find(&s, 0x1000, &within));
    crash_symbols_close(&s);
}
