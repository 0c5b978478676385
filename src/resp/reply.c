/* SPDX-License-Identifier: BSD-3-Clause */
/* The reply reader, in two passes. The first only walks: it finds the end of the value, checks every
 * byte of its form, and can stop and go on anywhere. The second builds the tree from what is then known
 * to be whole and well formed, so it cannot fail, and a count that was announced is only believed once
 * as many values are there. */
#include "resp/reply.h"
#include "base/mem.h"
#include "base/num.h"
#include <math.h>
#include <stdlib.h>

#define NUMBER_BYTES_MAX 1024   /* in a line that holds a count, an integer or a double */
#define VERBATIM_PREFIX_BYTES 4 /* "txt:" */

/* What a type byte stands for. */
enum form { FORM_UNKNOWN, FORM_LINE, FORM_BULK, FORM_ITEMS, FORM_PAIRS };

static enum form form_of(char type)
{
    switch (type) {
    case '+':
    case '-':
    case ':':
    case ',':
    case '#':
    case '(':
    case '_':
        return FORM_LINE;
    case '$':
    case '!':
    case '=':
        return FORM_BULK;
    case '*':
    case '~':
    case '>':
        return FORM_ITEMS;
    case '%':
    case '|':
        return FORM_PAIRS;
    default:
        return FORM_UNKNOWN;
    }
}

/* --- lines and what they hold --------------------------------------------------------------------- */

static bool int_parse(struct bytes text, int64_t *value)
{
    if (text.len >= 2 && text.data[0] == '+' && text.data[1] != '-')
        text = bytes_of(text.data + 1, text.len - 1);
    return num_parse_i64(text, value);
}

static size_t digits_count(const char *p, const char *end)
{
    size_t count = 0;
    while (p + count < end && p[count] >= '0' && p[count] <= '9')
        count++;
    return count;
}

static const char *sign_skip(const char *p, const char *end)
{
    return p < end && (*p == '+' || *p == '-') ? p + 1 : p;
}

static bool big_number_valid(struct bytes text)
{
    const char *end = text.data + text.len;
    const char *p = sign_skip(text.data, end);
    size_t count = digits_count(p, end);
    return count > 0 && p + count == end;
}

/* A decimal with an optional fraction and exponent, or inf or nan. */
static bool double_valid(struct bytes text)
{
    const char *end = text.data + text.len;
    const char *p = sign_skip(text.data, end);
    struct bytes unsigned_text = bytes_of(p, (size_t)(end - p));
    if (bytes_is(unsigned_text, "inf") || bytes_is(unsigned_text, "nan"))
        return true;
    size_t count = digits_count(p, end);
    p += count;
    if (p < end && *p == '.') {
        size_t fraction = digits_count(p + 1, end);
        count += fraction;
        p += 1 + fraction;
    }
    if (count == 0)
        return false;
    if (p < end && (*p == 'e' || *p == 'E')) {
        p = sign_skip(p + 1, end);
        count = digits_count(p, end);
        p += count;
    }
    return count > 0 && p == end;
}

static const char *line_wrong(char type, struct bytes text)
{
    int64_t ignored;
    switch (type) {
    case ':':
        return int_parse(text, &ignored) ? NULL : "an integer that is not one";
    case ',':
        return double_valid(text) ? NULL : "a double that is not one";
    case '(':
        return big_number_valid(text) ? NULL : "a big number that is not one";
    case '#':
        return bytes_equal(text, BYTES_LITERAL("t")) || bytes_equal(text, BYTES_LITERAL("f"))
                   ? NULL
                   : "a boolean that is neither t nor f";
    case '_':
        return text.len == 0 ? NULL : "a null with content";
    default:
        return NULL;
    }
}

/* One line of the input: a value, or the header of one. */
struct line {
    char type;
    struct bytes text; /* behind the type byte; borrowed from the input */
    size_t end;        /* behind CR LF, in the input */
};

static size_t line_bytes_max(char type)
{
    return type == '+' || type == '-' || type == '(' ? REPLY_BULK_BYTES_MAX : NUMBER_BYTES_MAX;
}

static enum err line_read(struct reply_reader *r, struct bytes input, struct line *line,
                          const char **why)
{
    const char *start = input.data + r->pos;
    size_t room = input.len - r->pos;
    if (room == 0)
        return ERR_AGAIN;
    if (form_of(start[0]) == FORM_UNKNOWN) {
        *why = "an unknown type of value";
        return ERR_INVALID;
    }
    const char *cr = NULL;
    if (room > r->line_scanned)
        cr = memchr(start + r->line_scanned, '\r', room - r->line_scanned);
    size_t len = cr != NULL ? (size_t)(cr - start) : room;
    r->line_scanned = len;
    if (len > line_bytes_max(start[0])) {
        *why = "a line that is too long";
        return ERR_INVALID;
    }
    if (room - len < 2)
        return ERR_AGAIN;
    if (cr[1] != '\n') {
        *why = "a line that does not end in CR LF";
        return ERR_INVALID;
    }
    *line = (struct line){start[0], bytes_of(start + 1, len - 1), r->pos + len + 2};
    return ERR_OK;
}

/* -1, which means null, is written only by RESP2, and only for these two. */
static bool is_null(const struct line *line)
{
    return (line->type == '$' || line->type == '*') && bytes_equal(line->text, BYTES_LITERAL("-1"));
}

/* --- the first pass: is it whole and well formed? ------------------------------------------------- */

/* These three take what `line` begins, and move r->pos behind what they took. */
static enum err scan_line(struct reply_reader *r, const struct line *line, const char **why)
{
    const char *wrong = line_wrong(line->type, line->text);
    if (wrong != NULL) {
        *why = wrong;
        return ERR_INVALID;
    }
    r->pos = line->end;
    return ERR_OK;
}

static enum err scan_bulk(struct reply_reader *r, struct bytes input, const struct line *line,
                          const char **why)
{
    int64_t len;
    if (!num_parse_i64(line->text, &len) || len < 0 || len > REPLY_BULK_BYTES_MAX) {
        *why = "a bulk string of an invalid length";
        return ERR_INVALID;
    }
    size_t end = line->end + (size_t)len + 2;
    if (input.len < end) {
        r->bytes_wanted = end;
        return ERR_AGAIN;
    }
    const char *text = input.data + line->end;
    if (text[len] != '\r' || text[len + 1] != '\n') {
        *why = "a bulk string that does not end in CR LF";
        return ERR_INVALID;
    }
    if (line->type == '=' &&
        (len < VERBATIM_PREFIX_BYTES || text[VERBATIM_PREFIX_BYTES - 1] != ':')) {
        *why = "a verbatim string that does not name its kind";
        return ERR_INVALID;
    }
    r->pos = end;
    return ERR_OK;
}

/* `factor` is how many values make up one that is counted. */
static enum err scan_items(struct reply_reader *r, const struct line *line, int factor,
                           const char **why)
{
    int64_t count;
    if (!num_parse_i64(line->text, &count) || count < 0 || count > REPLY_ITEMS_MAX / factor) {
        *why = "an array of an invalid length";
        return ERR_INVALID;
    }
    if (count > 0) {
        if (r->depth == REPLY_DEPTH_MAX) {
            *why = "arrays nested too deeply";
            return ERR_INVALID;
        }
        r->left[++r->depth] = count * factor;
    }
    r->pos = line->end;
    return ERR_OK;
}

static enum err scan_value(struct reply_reader *r, struct bytes input, const struct line *line,
                           const char **why)
{
    if (is_null(line)) {
        r->pos = line->end;
        return ERR_OK;
    }
    switch (form_of(line->type)) {
    case FORM_BULK:
        return scan_bulk(r, input, line, why);
    case FORM_ITEMS:
        return scan_items(r, line, 1, why);
    case FORM_PAIRS:
        return scan_items(r, line, 2, why);
    default:
        return scan_line(r, line, why);
    }
}

/* Walks until r->left[0] values are behind r->pos. */
static enum err scan(struct reply_reader *r, struct bytes input, const char **why)
{
    r->bytes_wanted = 0;
    for (;;) {
        while (r->depth > 0 && r->left[r->depth] == 0)
            r->depth--;
        if (r->left[r->depth] == 0)
            return ERR_OK;
        struct line line;
        enum err err = line_read(r, input, &line, why);
        if (err != ERR_OK)
            return err;
        int depth = r->depth;
        err = scan_value(r, input, &line, why);
        if (err != ERR_OK)
            return err;
        r->line_scanned = 0;
        if (line.type != '|') /* which stands in front of a value and is none */
            r->left[depth]--;
    }
}

/* --- the second pass: the tree -------------------------------------------------------------------- */

static struct reply_reader reader_at(size_t pos, int64_t count)
{
    struct reply_reader r = {.pos = pos, .started = true};
    r.left[0] = count;
    return r;
}

/* A line that the first pass has seen. */
static struct line line_again(struct bytes input, size_t pos)
{
    struct reply_reader r = reader_at(pos, 1);
    struct line line;
    const char *why;
    enum err err = line_read(&r, input, &line, &why);
    ASSERT(err == ERR_OK);
    return line;
}

static int64_t count_again(const struct line *line)
{
    int64_t count;
    bool valid = num_parse_i64(line->text, &count);
    ASSERT(valid);
    return count;
}

/* The place behind the attributes at `pos`. */
static size_t attributes_skip(struct bytes input, size_t pos)
{
    while (input.data[pos] == '|') {
        struct line line = line_again(input, pos);
        struct reply_reader r = reader_at(line.end, count_again(&line) * 2);
        const char *why;
        enum err err = scan(&r, input, &why);
        ASSERT(err == ERR_OK);
        pos = r.pos;
    }
    return pos;
}

static struct bytes text_copy(struct bytes text)
{
    return bytes_of(mem_strndup(text.data, text.len), text.len);
}

static void build_line(struct reply *value, const struct line *line)
{
    switch (line->type) {
    case ':': {
        bool valid = int_parse(line->text, &value->integer);
        ASSERT(valid);
        value->kind = REPLY_INT;
        return;
    }
    case '#':
        value->kind = REPLY_BOOL;
        value->integer = line->text.data[0] == 't';
        return;
    case '_':
        value->kind = REPLY_NULL;
        return;
    case ',':
        value->kind = REPLY_DOUBLE;
        value->text = text_copy(line->text);
        value->number = strtod(value->text.data, NULL);
        return;
    case '(':
        value->kind = REPLY_BIG_NUMBER;
        break;
    case '-':
        value->kind = REPLY_ERROR;
        break;
    default:
        value->kind = REPLY_STATUS;
        break;
    }
    value->text = text_copy(line->text);
}

/* Returns the place behind it. */
static size_t build_bulk(struct reply *value, struct bytes input, const struct line *line)
{
    struct bytes text = bytes_of(input.data + line->end, (size_t)count_again(line));
    size_t end = line->end + text.len + 2;
    value->kind = line->type == '!' ? REPLY_ERROR : REPLY_BULK;
    if (line->type == '=') {
        value->kind = REPLY_VERBATIM;
        text = bytes_of(text.data + VERBATIM_PREFIX_BYTES, text.len - VERBATIM_PREFIX_BYTES);
    }
    value->text = text_copy(text);
    return end;
}

static enum reply_kind kind_of_items(char type)
{
    switch (type) {
    case '~':
        return REPLY_SET;
    case '>':
        return REPLY_PUSH;
    case '%':
        return REPLY_MAP;
    default:
        return REPLY_ARRAY;
    }
}

/* Fills *value, which is zero, from `pos`, and returns the place behind it. Recursion goes as deep as
 * the first pass allowed. */
static size_t build(struct reply *value, struct bytes input, size_t pos)
{
    struct line line = line_again(input, attributes_skip(input, pos));
    enum form form = form_of(line.type);
    if (is_null(&line)) {
        value->kind = REPLY_NULL;
        return line.end;
    }
    if (form == FORM_LINE) {
        build_line(value, &line);
        return line.end;
    }
    if (form == FORM_BULK)
        return build_bulk(value, input, &line);
    value->kind = kind_of_items(line.type);
    value->count = (size_t)count_again(&line) * (form == FORM_PAIRS ? 2 : 1);
    if (value->count > 0)
        value->items = mem_zalloc(value->count, sizeof(*value->items));
    pos = line.end;
    for (size_t i = 0; i < value->count; i++)
        pos = build(&value->items[i], input, pos);
    return pos;
}

/* --- what others call ----------------------------------------------------------------------------- */

enum err reply_reader_read(struct reply_reader *r, struct bytes input, struct reply **reply,
                           size_t *consumed, const char **why)
{
    if (!r->started)
        *r = reader_at(0, 1);
    ASSERT(r->pos <= input.len);
    enum err err = scan(r, input, why);
    if (err != ERR_OK)
        return err;
    struct reply *value = mem_zalloc(1, sizeof(*value));
    size_t end = build(value, input, 0);
    ASSERT(end == r->pos);
    *r = (struct reply_reader){0};
    *reply = value;
    *consumed = end;
    return ERR_OK;
}

enum err reply_read(struct bytes input, struct reply **reply, size_t *consumed, const char **why)
{
    struct reply_reader r = {0};
    return reply_reader_read(&r, input, reply, consumed, why);
}

static void reply_release(struct reply *value)
{
    for (size_t i = 0; i < value->count; i++)
        reply_release(&value->items[i]);
    mem_free(value->items);
    mem_free((void *)(uintptr_t)value->text.data);
}

void reply_free(struct reply *r)
{
    if (r == NULL)
        return;
    reply_release(r);
    mem_free(r);
}
