/* SPDX-License-Identifier: BSD-3-Clause */
/* Redis-style glob matching.
 *
 * Every element of a pattern but the star matches exactly one byte, so on a mismatch it is enough to let
 * the last star take one byte more: what an earlier star could gain, the last one has already.
 * That keeps the worst case at text length times the longest stretch between stars. A stretch of nothing but
 * plain bytes, the usual case and the one that is easily made long, is searched for in linear time. */
#include "base/glob.h"

struct cursor {
    const char *at;
    const char *end;
};

static unsigned char fold(char c, bool nocase)
{
    return (unsigned char)(nocase ? byte_lower(c) : c);
}

/* Matches `c` against the class whose '[' was just read, and moves `p` behind the class. One that is
 * never closed reaches to the end of the pattern. */
static bool match_class(struct cursor *p, char c, bool nocase)
{
    unsigned char folded = fold(c, nocase);
    bool negated = p->at < p->end && *p->at == '^';
    bool found = false;

    if (negated)
        p->at++;
    while (p->at < p->end && *p->at != ']') {
        if (*p->at == '\\' && p->end - p->at >= 2) {
            found |= fold(p->at[1], nocase) == folded;
            p->at += 2;
        } else if (p->end - p->at >= 3 && p->at[1] == '-') {
            unsigned char a = (unsigned char)p->at[0], b = (unsigned char)p->at[2];
            unsigned char low = fold((char)(a < b ? a : b), nocase);
            unsigned char high = fold((char)(a < b ? b : a), nocase);

            found |= folded >= low && folded <= high;
            p->at += 3;
        } else {
            found |= fold(*p->at, nocase) == folded;
            p->at++;
        }
    }
    if (p->at < p->end)
        p->at++; /* the ']' */
    return found != negated;
}

/* Matches `c` against the next element, which is not a star, and moves `p` behind it. */
static bool match_one(struct cursor *p, char c, bool nocase)
{
    char element = *p->at++;

    switch (element) {
    case '?':
        return true;
    case '[':
        return match_class(p, c, nocase);
    case '\\':
        if (p->at < p->end)
            element = *p->at++;
        break;
    default:
        break;
    }
    return fold(element, nocase) == fold(c, nocase);
}

/* How many plain bytes stand next in the pattern. */
static size_t plain_len(const struct cursor *p)
{
    size_t len = 0;

    while (p->at + len < p->end && strchr("*?[\\", p->at[len]) == NULL)
        len++;
    return len;
}

enum after_star { MATCHES, FAILS, GOES_ON };

/* Behind a star: finds plain bytes that reach up to the next star, or the end, at one go, and moves behind them.
 * What can be found earliest in the text leaves the most of it for the rest. */
static enum after_star find_plain(struct cursor *p, const char **text, const char *text_end)
{
    size_t len = plain_len(p), room = (size_t)(text_end - *text);
    const char *found;

    if (p->at + len == p->end)
        return len <= room && memcmp(text_end - len, p->at, len) == 0 ? MATCHES : FAILS;
    if (len == 0 || p->at[len] != '*')
        return GOES_ON;
    found = memmem(*text, room, p->at, len);
    if (found == NULL)
        return FAILS;
    *text = found + len;
    p->at += len;
    return GOES_ON;
}

static bool match(struct bytes pattern, struct bytes text, bool nocase)
{
    struct cursor p = {pattern.data, pattern.data + pattern.len};
    const char *t = text.data, *text_end = text.data + text.len;
    const char *star = NULL;      /* what follows the last star in the pattern */
    const char *star_text = NULL; /* the text that it does not cover yet */

    while (t < text_end) {
        if (p.at < p.end && *p.at == '*') {
            enum after_star after = GOES_ON;

            star = ++p.at;
            star_text = t;
            if (!nocase)
                after = find_plain(&p, &t, text_end);
            if (after != GOES_ON || p.at == p.end)
                return after != FAILS;
        } else if (p.at < p.end && match_one(&p, *t, nocase)) {
            t++;
        } else if (star != NULL) {
            p.at = star;
            t = ++star_text;
        } else {
            return false;
        }
    }
    while (p.at < p.end && *p.at == '*')
        p.at++;
    return p.at == p.end;
}

bool glob_match(struct bytes pattern, struct bytes text)
{
    return match(pattern, text, false);
}

bool glob_match_nocase(struct bytes pattern, struct bytes text)
{
    return match(pattern, text, true);
}
