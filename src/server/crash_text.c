/* SPDX-License-Identifier: BSD-3-Clause */
#include "server/crash_text.h"

#include <errno.h>
#include <unistd.h>

static void add(struct crash_text *t, char c)
{
    if (t->len < sizeof(t->data) - 1) /* the newline always fits in */
        t->data[t->len++] = c;
}

void crash_text_string(struct crash_text *t, const char *text)
{
    for (const char *c = text == NULL ? "?" : text; *c != '\0'; c++)
        add(t, *c);
}

void crash_text_bytes(struct crash_text *t, const char *data, size_t len)
{
    for (size_t i = 0; i < len; i++)
        add(t, data[i] >= 0x20 && data[i] < 0x7f ? data[i] : '.');
}

void crash_text_number(struct crash_text *t, int64_t number)
{
    char digits[20];
    size_t count = 0;
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    do {
        digits[count++] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (number < 0)
        add(t, '-');
    while (count > 0)
        add(t, digits[--count]);
}

void crash_text_hex(struct crash_text *t, uint64_t number, int digits)
{
    static const char marks[] = "0123456789abcdef";
    int shift = 60;
    while (shift > 0 && shift >= 4 * digits && (number >> shift) == 0)
        shift -= 4;
    crash_text_string(t, "0x");
    for (; shift >= 0; shift -= 4)
        add(t, marks[(number >> shift) & 15]);
}

void crash_text_write(struct crash_text *t, int fd)
{
    t->data[t->len++] = '\n';
    for (size_t done = 0; done < t->len;) {
        ssize_t got = write(fd, t->data + done, t->len - done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            break;
        done += (size_t)got;
    }
    t->len = 0;
}
