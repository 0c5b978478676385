/* SPDX-License-Identifier: BSD-3-Clause */
/* Redis-style glob matching.
 *
 * Every element of a pattern but the star matches exactly one byte. So what stands between two stars, a stretch, is
 * as long in the text as in the pattern, and it is enough to find each where it comes first: what an earlier star
 * could gain, the last one has already. Nothing is ever tried a second time.
 *
 * Patterns and texts come from clients, so a stretch is found in time that grows with the text, not with the text
 * times the stretch: plain bytes by memmem, others by a machine that is in all its states at once, one bit each. */
#include "base/glob.h"
#include "base/mem.h"
#include <stdint.h>

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

/* --- stretches ------------------------------------------------------------------------------ */

struct stretch {
    const char *begin, *end; /* in the pattern */
    size_t count;            /* of elements */
    bool plain;              /* all are bytes that stand for themselves */
};

static struct stretch next_stretch(const struct cursor *p)
{
    struct cursor at = *p;
    struct stretch s = {.begin = p->at, .plain = true};

    while (at.at < at.end && *at.at != '*') {
        s.plain &= *at.at != '?' && *at.at != '[' && *at.at != '\\';
        (void)match_one(&at, 0, false);
        s.count++;
    }
    s.end = at.at;
    return s;
}

/* Whether it matches the bytes at `text`, of which there are enough. */
static bool matches_at(const struct stretch *s, const char *text, bool nocase)
{
    struct cursor p = {s->begin, s->end};

    while (p.at < p.end)
        if (!match_one(&p, *text++, nocase))
            return false;
    return true;
}

/* --- finding one ---------------------------------------------------------------------------- */

#define STATES_PER_WORD 64
#define STRETCH_TRIED_MAX 16 /* elements: so short a one is tried at each place */

/* For each byte the elements that it matches: count_words words with a bit for each. */
static uint64_t *make_masks(const struct stretch *s, size_t words, bool nocase)
{
    uint64_t *masks = mem_zalloc(256 * words, sizeof(*masks));
    struct cursor p = {s->begin, s->end};

    for (size_t i = 0; p.at < p.end; i++) {
        struct cursor behind = p;
        uint64_t bit = UINT64_C(1) << (i % STATES_PER_WORD);
        size_t word = i / STATES_PER_WORD;

        for (unsigned c = 0; c < 256; c++) {
            behind = p;
            if (match_one(&behind, (char)c, nocase))
                masks[c * words + word] |= bit;
        }
        p = behind;
    }
    return masks;
}

/* Bit i of the state says that the first i + 1 elements match the bytes read last. */
static const char *find_by_states(const struct stretch *s, const char *text, const char *text_end,
                                  bool nocase)
{
    size_t words = (s->count + STATES_PER_WORD - 1) / STATES_PER_WORD;
    uint64_t *masks = make_masks(s, words, nocase);
    uint64_t *state = mem_zalloc(words, sizeof(*state));
    uint64_t last = UINT64_C(1) << ((s->count - 1) % STATES_PER_WORD);
    const char *found = NULL;

    for (const char *t = text; t < text_end && found == NULL; t++) {
        const uint64_t *mask = masks + (unsigned char)*t * words;
        uint64_t carry = 1;

        for (size_t i = 0; i < words; i++) {
            uint64_t shifted = state[i] << 1 | carry;

            carry = state[i] >> (STATES_PER_WORD - 1);
            state[i] = shifted & mask[i];
        }
        if (state[words - 1] & last)
            found = t + 1 - s->count;
    }
    mem_free(state);
    mem_free(masks);
    return found;
}

/* Where it matches first; NULL. */
static const char *find(const struct stretch *s, const char *text, const char *text_end,
                        bool nocase)
{
    if (s->plain && !nocase)
        return memmem(text, (size_t)(text_end - text), s->begin, s->count);
    if (s->count > STRETCH_TRIED_MAX)
        return find_by_states(s, text, text_end, nocase);
    for (; (size_t)(text_end - text) >= s->count; text++)
        if (matches_at(s, text, nocase))
            return text;
    return NULL;
}

/* --- the whole ------------------------------------------------------------------------------ */

static bool match(struct bytes pattern, struct bytes text, bool nocase)
{
    struct cursor p = {pattern.data, pattern.data + pattern.len};
    const char *t = text.data, *text_end = text.data + text.len;

    while (p.at < p.end && *p.at != '*')
        if (t == text_end || !match_one(&p, *t++, nocase))
            return false;
    if (p.at == p.end)
        return t == text_end;
    for (;;) {
        while (p.at < p.end && *p.at == '*')
            p.at++;
        if (p.at == p.end)
            return true;
        struct stretch s = next_stretch(&p);
        if (s.count > (size_t)(text_end - t))
            return false;
        if (s.end == p.end)
            return matches_at(&s, text_end - s.count, nocase);
        t = find(&s, t, text_end, nocase);
        if (t == NULL)
            return false;
        t += s.count;
        p.at = s.end;
    }
}

bool glob_match(struct bytes pattern, struct bytes text)
{
    return match(pattern, text, false);
}

bool glob_match_nocase(struct bytes pattern, struct bytes text)
{
    return match(pattern, text, true);
}
