/* SPDX-License-Identifier: BSD-3-Clause */
/* Makes trace lines: formats, escapes what a terminal would obey, and cuts what is too long. */
#include "base/trace.h"
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define CUT_MARK "..."
#define ESCAPE_BYTES 4 /* \xHH */

static bool is_control(unsigned char c)
{
    return c < 0x20 || c == 0x7f;
}

/* Copies with escapes; when `out` (TRACE_LINE_BYTES_MAX bytes) gets too small, ends in the cut mark. */
static void escape(char *out, const char *text, bool cut)
{
    static const char digits[] = "0123456789abcdef";
    size_t limit = TRACE_LINE_BYTES_MAX - sizeof(CUT_MARK);
    size_t len = 0;

    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;

        if (len + (is_control(c) ? ESCAPE_BYTES : 1) > limit) {
            cut = true;
            break;
        }
        if (is_control(c)) {
            out[len++] = '\\';
            out[len++] = 'x';
            out[len++] = digits[c >> 4];
            out[len++] = digits[c & 15];
        } else {
            out[len++] = (char)c;
        }
    }
    memcpy(out + len, cut ? CUT_MARK : "", cut ? sizeof(CUT_MARK) : 1);
}

void trace_printf(struct trace *t, enum trace_level level, const char *format, ...)
{
    char text[TRACE_LINE_BYTES_MAX];
    char line[TRACE_LINE_BYTES_MAX];
    va_list args;
    int len;

    if (level < t->level)
        return;
    va_start(args, format);
    len = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    ASSERT(len >= 0);
    escape(line, text, (size_t)len >= sizeof(text));
    t->sink(t, level, line);
}
