/* SPDX-License-Identifier: BSD-3-Clause */
/* The splitter: one pass over the line, unquoting as it goes. */
#include "cli/quoting.h"
#include "base/mem.h"

struct cursor {
    const char *at;
    const char *end;
    char *out; /* where the next unquoted byte goes; never ahead of what was read */
};

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || c == '\0';
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* Behind a backslash inside "…"; at least one byte is left. */
static void take_escape(struct cursor *c)
{
    static const char names[] = "nrtba", values[] = "\n\r\t\b\a";

    if (c->end - c->at >= 3 && c->at[0] == 'x' && hex_value(c->at[1]) >= 0 &&
        hex_value(c->at[2]) >= 0) {
        *c->out++ = (char)(hex_value(c->at[1]) * 16 + hex_value(c->at[2]));
        c->at += 3;
        return;
    }
    char letter = *c->at++;
    const char *name = letter == '\0' ? NULL : strchr(names, letter);
    *c->out++ = name == NULL ? letter : values[name - names];
}

/* From behind the opening quote to behind the closing one, which must end the word. */
static bool take_quoted(struct cursor *c, char quote)
{
    while (c->at < c->end) {
        char next = *c->at++;

        if (next == quote)
            return c->at == c->end || is_blank(*c->at);
        if (next == '\\' && quote == '"' && c->at < c->end)
            take_escape(c);
        else if (next == '\\' && quote == '\'' && c->at < c->end && *c->at == '\'')
            *c->out++ = *c->at++;
        else
            *c->out++ = next;
    }
    return false;
}

static bool take_word(struct cursor *c)
{
    while (c->at < c->end && !is_blank(*c->at)) {
        char next = *c->at++;

        if (next != '"' && next != '\'')
            *c->out++ = next;
        else if (!take_quoted(c, next))
            return false;
    }
    return true;
}

bool words_split(struct words *words, struct bytes line)
{
    struct cursor c = {.at = line.data, .end = line.data + line.len};

    words_deinit(words);
    /* A word and its NUL need no more than its own bytes and the blank, or the line's end, behind it. */
    words->text = mem_alloc(line.len + 1);
    words->items = mem_alloc((line.len / 2 + 1) * sizeof(*words->items));
    c.out = words->text;
    for (;;) {
        while (c.at < c.end && is_blank(*c.at))
            c.at++;
        if (c.at == c.end)
            return true;
        char *start = c.out;
        if (!take_word(&c)) {
            words_deinit(words);
            return false;
        }
        words->items[words->count++] = bytes_of(start, (size_t)(c.out - start));
        *c.out++ = '\0';
    }
}

void words_deinit(struct words *words)
{
    mem_free(words->text);
    mem_free(words->items);
    *words = (struct words){0};
}
