/* SPDX-License-Identifier: BSD-3-Clause */
/* Lines made in a signal handler, where printf may not be called. What does not fit in is cut. */
#ifndef ECHOLOG_SERVER_CRASH_TEXT_H
#define ECHOLOG_SERVER_CRASH_TEXT_H

#include <stddef.h>
#include <stdint.h>

struct crash_text {
    size_t len;
    char data[1024];
};

void crash_text_string(struct crash_text *t, const char *text); /* NULL is "?" */
/* At most `len` bytes; those that do not print are dots. */
void crash_text_bytes(struct crash_text *t, const char *data, size_t len);
void crash_text_number(struct crash_text *t, int64_t number);
/* "0x" and at least `digits` digits. */
void crash_text_hex(struct crash_text *t, uint64_t number, int digits);
/* Writes it with a newline to `fd`, and begins anew. */
void crash_text_write(struct crash_text *t, int fd);

#endif
