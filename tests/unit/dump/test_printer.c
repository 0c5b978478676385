/* SPDX-License-Identifier: BSD-3-Clause */
#include "dump/printer.h"
#include <criterion/criterion.h>
#include <stdlib.h>

/* One line with the bytes in it; the caller frees it. */
static char *line_of(struct bytes value, bool json)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    struct printer p;
    printer_init(&p, out, json);
    printer_begin(&p, 0, "x");
    printer_bytes(&p, "v", value);
    printer_end(&p);
    printer_deinit(&p);
    fclose(out);
    return text;
}

static void assert_line(struct bytes value, bool json, const char *expected)
{
    char *line = line_of(value, json);
    cr_assert_str_eq(line, expected);
    free(line);
}

Test(printer, text_escapes_what_a_terminal_would_not_show)
{
    assert_line(BYTES_LITERAL("a\"\\\n\r\t\a\b\0\x1f\x7f\x80 ~"), false,
                "x v=\"a\\\"\\\\\\n\\r\\t\\a\\b\\x00\\x1f\\x7f\\x80 ~\"\n");
    assert_line(BYTES_LITERAL(""), false, "x v=\"\"\n");
    assert_line(BYTES_NULL, false, "x v=(nil)\n");
}

Test(printer, json_escapes_controls_and_leaves_characters)
{
    assert_line(BYTES_LITERAL("a\"\\\n\0\x7f"), true,
                "{\"type\":\"x\",\"v\":\"a\\\"\\\\\\u000a\\u0000\\u007f\"}\n");
    assert_line(BYTES_LITERAL("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"), true,
                "{\"type\":\"x\",\"v\":\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"}\n");
    assert_line(BYTES_NULL, true, "{\"type\":\"x\",\"v\":null}\n");
}

Test(printer, json_gives_what_is_not_utf8_in_hex)
{
    static const struct bytes bad[] = {
        BYTES_LITERAL("\x80"),             /* a continuation alone */
        BYTES_LITERAL("\xc0\xaf"),         /* too long for its character */
        BYTES_LITERAL("\xe0\x80\xaf"),     /* the same */
        BYTES_LITERAL("\xed\xa0\x80"),     /* half of a pair */
        BYTES_LITERAL("\xf4\x90\x80\x80"), /* beyond the last character */
        BYTES_LITERAL("a\xe2\x82"),        /* cut off */
        BYTES_LITERAL("\xe2(\xac"),        /* broken in the middle */
        BYTES_LITERAL("\xe2\x82("),        /* and at its end */
    };
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        char *line = line_of(bad[i], true);
        cr_assert(strstr(line, "\"v\":{\"hex\":\"") != NULL, "%zu: %s", i, line);
        free(line);
    }
    assert_line(BYTES_LITERAL("\xff\x00z"), true, "{\"type\":\"x\",\"v\":{\"hex\":\"ff007a\"}}\n");
}

Test(printer, counts_errors_and_notes)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    struct printer p;
    printer_init(&p, out, false);
    printer_error(&p, "a\nb", "wrong by %d", 3);
    printer_note(&p, "c", "odd");
    cr_assert_eq(p.errors, 1);
    cr_assert_eq(p.notes, 1);
    cr_assert_not(p.cannot_look);
    printer_failed(&p, "d", ERR_ACCESS);
    cr_assert(p.cannot_look);
    printer_deinit(&p);
    fclose(out);
    cr_assert_str_eq(text, "error a\\nb: wrong by 3\nnote c: odd\n"
                           "error d: cannot be read: permission denied\n");
    free(text);
}
