/* SPDX-License-Identifier: BSD-3-Clause */
#include "dump/printer.h"

#include <inttypes.h>

#define INDENT 2
#define LINE_BYTES_KEPT ((size_t)64 * 1024)

void printer_init(struct printer *p, FILE *out, bool json)
{
    *p = (struct printer){.out = out, .json = json};
}

void printer_deinit(struct printer *p)
{
    buf_deinit(&p->line);
}

/* --- bytes ---------------------------------------------------------------------------------- */

static bool printable(char c)
{
    return c >= ' ' && c <= '~';
}

static void put_escaped(struct buf *b, char c)
{
    static const char plain[] = "\n\r\t\a\b\\\"", letters[] = "nrtab\\\"";
    const char *found = c == '\0' ? NULL : strchr(plain, c);
    if (found != NULL)
        buf_printf(b, "\\%c", letters[found - plain]);
    else if (printable(c))
        buf_append_char(b, c);
    else
        buf_printf(b, "\\x%02x", (unsigned char)c);
}

static void put_quoted(struct buf *b, struct bytes s)
{
    buf_append_char(b, '"');
    for (size_t i = 0; i < s.len; i++)
        put_escaped(b, s.data[i]);
    buf_append_char(b, '"');
}

/* The length of the character of UTF-8 at the front, 0 when there is none. */
static size_t utf8_len(struct bytes s)
{
    const unsigned char *p = (const unsigned char *)s.data;
    static const struct {
        unsigned char first_min, first_max, second_min, second_max, len;
    } forms[] = {
        {0x00, 0x7f, 0, 0, 1},       {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
        {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
        {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
    };
    for (size_t i = 0; i < COUNT_OF(forms); i++) {
        size_t len = forms[i].len;
        if (p[0] < forms[i].first_min || p[0] > forms[i].first_max || len > s.len)
            continue;
        if (len > 1 && (p[1] < forms[i].second_min || p[1] > forms[i].second_max))
            return 0;
        for (size_t k = 2; k < len; k++)
            if ((p[k] & 0xc0) != 0x80)
                return 0;
        return len;
    }
    return 0;
}

static bool utf8_valid(struct bytes s)
{
    for (size_t i = 0, len; i < s.len; i += len) {
        len = utf8_len(bytes_of(s.data + i, s.len - i));
        if (len == 0)
            return false;
    }
    return true;
}

static void put_json_string(struct buf *b, struct bytes s)
{
    buf_append_char(b, '"');
    for (size_t i = 0; i < s.len; i++) {
        char c = s.data[i];
        if (c == '"' || c == '\\')
            buf_printf(b, "\\%c", c);
        else if ((unsigned char)c < ' ' || c == 0x7f)
            buf_printf(b, "\\u%04x", (unsigned char)c);
        else
            buf_append_char(b, c);
    }
    buf_append_char(b, '"');
}

static void put_json_bytes(struct buf *b, struct bytes s)
{
    if (utf8_valid(s)) {
        put_json_string(b, s);
        return;
    }
    buf_append_string(b, "{\"hex\":\"");
    for (size_t i = 0; i < s.len; i++)
        buf_printf(b, "%02x", (unsigned char)s.data[i]);
    buf_append_string(b, "\"}");
}

static void put_bytes(struct printer *p, struct bytes s)
{
    if (bytes_is_null(s))
        buf_append_string(&p->line, p->json ? "null" : "(nil)");
    else if (p->json)
        put_json_bytes(&p->line, s);
    else
        put_quoted(&p->line, s);
}

/* --- lines ---------------------------------------------------------------------------------- */

void printer_begin(struct printer *p, unsigned depth, const char *kind)
{
    buf_clear(&p->line);
    if (p->json)
        buf_printf(&p->line, "{\"type\":\"%s\"", kind);
    else
        buf_printf(&p->line, "%*s%s", (int)(depth * INDENT), "", kind);
}

static void put_name(struct printer *p, const char *name)
{
    buf_printf(&p->line, p->json ? ",\"%s\":" : " %s=", name);
}

void printer_number(struct printer *p, const char *name, int64_t value)
{
    put_name(p, name);
    buf_printf(&p->line, "%" PRId64, value);
}

void printer_count(struct printer *p, const char *name, uint64_t value)
{
    put_name(p, name);
    buf_printf(&p->line, "%" PRIu64, value);
}

void printer_flag(struct printer *p, const char *name, bool value)
{
    put_name(p, name);
    buf_append_string(&p->line, value ? "true" : "false");
}

void printer_word(struct printer *p, const char *name, const char *value)
{
    struct bytes word = bytes_of_string(value);
    bool plain = word.len > 0;
    for (size_t i = 0; i < word.len; i++)
        plain = plain && printable(value[i]) && value[i] != ' ' && value[i] != '"';
    put_name(p, name);
    if (plain && !p->json)
        buf_append_bytes(&p->line, word);
    else
        put_bytes(p, word);
}

void printer_bytes(struct printer *p, const char *name, struct bytes value)
{
    put_name(p, name);
    put_bytes(p, value);
}

void printer_list_open(struct printer *p, const char *name)
{
    put_name(p, name);
    p->items = 0;
    buf_append_char(&p->line, '[');
}

static void pair_open(struct printer *p)
{
    if (p->items++ > 0)
        buf_append_char(&p->line, ',');
    if (p->json)
        buf_append_char(&p->line, '[');
}

static void pair_middle(struct printer *p)
{
    buf_append_char(&p->line, p->json ? ',' : ':');
}

static void pair_close(struct printer *p)
{
    if (p->json)
        buf_append_char(&p->line, ']');
}

void printer_pair(struct printer *p, struct bytes name, struct bytes value)
{
    pair_open(p);
    put_bytes(p, name);
    pair_middle(p);
    put_bytes(p, value);
    pair_close(p);
}

void printer_pair_numbers(struct printer *p, int64_t first, int64_t second)
{
    pair_open(p);
    buf_printf(&p->line, "%" PRId64, first);
    pair_middle(p);
    buf_printf(&p->line, "%" PRId64, second);
    pair_close(p);
}

void printer_list_close(struct printer *p)
{
    buf_append_char(&p->line, ']');
}

void printer_end(struct printer *p)
{
    buf_append_string(&p->line, p->json ? "}\n" : "\n");
    fwrite(p->line.data, 1, p->line.len, p->out);
    buf_shrink(&p->line, LINE_BYTES_KEPT);
}

/* --- findings ------------------------------------------------------------------------------- */

static void say(struct printer *p, const char *kind, const char *path, const char *format,
                va_list args) PRINTF_LIKE(4, 0);
static void say(struct printer *p, const char *kind, const char *path, const char *format,
                va_list args)
{
    struct buf text = {0};
    buf_vprintf(&text, format, args);
    printer_begin(p, 0, kind);
    if (p->json) {
        printer_word(p, "path", path);
        printer_bytes(p, "text", buf_bytes(&text));
    } else {
        buf_append_char(&p->line, ' ');
        for (const char *c = path; *c != '\0'; c++)
            put_escaped(&p->line, *c);
        buf_append_string(&p->line, ": ");
        buf_append_bytes(&p->line, buf_bytes(&text));
    }
    printer_end(p);
    buf_deinit(&text);
}

void printer_error(struct printer *p, const char *path, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(p, "error", path, format, args);
    va_end(args);
    p->errors++;
}

void printer_note(struct printer *p, const char *path, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(p, "note", path, format, args);
    va_end(args);
    p->notes++;
}

void printer_failed(struct printer *p, const char *path, enum err err)
{
    if (err == ERR_ACCESS || err == ERR_LIMIT)
        p->cannot_look = true;
    printer_error(p, path, "cannot be read: %s", err_text(err));
}
