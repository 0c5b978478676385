/* SPDX-License-Identifier: BSD-3-Clause */
#include "lab/dials.h"
#include "base/nearest.h"
#include "base/num.h"
#include "cli/text.h"
#include "lab/prose.h"
#include <stdio.h>

void dials_init(struct dials *d, const struct dial *dials, size_t count)
{
    ASSERT(count <= DIALS_MAX);
    *d = (struct dials){.dials = dials, .count = count};
    for (size_t i = 0; i < count; i++)
        d->values[i] = dials[i].value;
}

int64_t dials_get(const struct dials *d, const char *name)
{
    for (size_t i = 0; i < d->count; i++)
        if (strcmp(d->dials[i].name, name) == 0)
            return d->values[i];
    ASSERT(!"a dial of this name");
    return 0;
}

/* The next of the words in *rest; empty when there is none. */
static struct bytes next_word(const char **rest)
{
    const char *word = *rest + strspn(*rest, " ");
    size_t len = strcspn(word, " ");

    *rest = word + len;
    return bytes_of(word, len);
}

struct bytes dials_text(const struct dials *d, size_t i, char room[32])
{
    const char *rest = d->dials[i].words;
    struct bytes word;

    if (rest == NULL)
        return bytes_of(room, num_format_i64(room, d->values[i]));
    word = next_word(&rest);
    for (int64_t at = 0; at < d->values[i]; at++)
        word = next_word(&rest);
    return word;
}

static void say_choice(const struct dial *dial, char *room, size_t len)
{
    if (dial->words != NULL)
        snprintf(room, len, "one of %s", dial->words);
    else
        snprintf(room, len, "%lld to %lld", (long long)dial->min, (long long)dial->max);
}

static bool parse_value(const struct dial *dial, struct bytes text, int64_t *value)
{
    const char *rest = dial->words;
    int64_t at = 0;

    if (rest == NULL)
        return num_parse_i64(text, value) && *value >= dial->min && *value <= dial->max;
    for (struct bytes word = next_word(&rest); word.len > 0; word = next_word(&rest), at++) {
        if (bytes_equal_nocase(word, text)) {
            *value = at;
            return true;
        }
    }
    return false;
}

static bool unknown(const struct dials *d, struct bytes name, char why[DIALS_WHY_BYTES])
{
    struct nearest nearest;

    nearest_init(&nearest, name);
    for (size_t i = 0; i < d->count; i++)
        nearest_offer(&nearest, d->dials[i].name);
    if (nearest.best != NULL)
        snprintf(why, DIALS_WHY_BYTES, "there is no '%.*s' here; did you mean '%s'?", (int)name.len,
                 name.data, nearest.best);
    else
        snprintf(why, DIALS_WHY_BYTES, "there is no '%.*s' in this lesson", (int)name.len,
                 name.data);
    return false;
}

bool dials_set(struct dials *d, struct bytes setting, char why[DIALS_WHY_BYTES])
{
    size_t name = 0, value;
    int64_t number;
    char choice[DIALS_WHY_BYTES / 2];

    while (name < setting.len && setting.data[name] != '=' && setting.data[name] != ' ')
        name++;
    value = name < setting.len ? name + 1 : name;
    for (size_t i = 0; i < d->count; i++) {
        const struct dial *dial = &d->dials[i];

        if (!bytes_equal_nocase(bytes_of(setting.data, name), bytes_of_string(dial->name)))
            continue;
        if (parse_value(dial, bytes_of(setting.data + value, setting.len - value), &number)) {
            d->values[i] = number;
            return true;
        }
        say_choice(dial, choice, sizeof(choice));
        snprintf(why, DIALS_WHY_BYTES, "%s is %s", dial->name, choice);
        return false;
    }
    return unknown(d, bytes_of(setting.data, name), why);
}

/* "members=4" */
static void put_setting(const struct dials *d, size_t i, struct buf *out)
{
    char room[32];
    struct bytes value = dials_text(d, i, room);

    buf_printf(out, "%s=%.*s", d->dials[i].name, (int)value.len, value.data);
}

void dials_print(const struct dials *d, struct buf *out, size_t width)
{
    size_t longest = 0;

    for (size_t i = 0; i < d->count; i++) {
        struct buf setting = {0};

        put_setting(d, i, &setting);
        longest = setting.len > longest ? setting.len : longest;
        buf_deinit(&setting);
    }
    for (size_t i = 0; i < d->count; i++) {
        char choice[DIALS_WHY_BYTES / 2];
        struct buf setting = {0}, line = {0};

        say_choice(&d->dials[i], choice, sizeof(choice));
        buf_append_string(&setting, "    ");
        put_setting(d, i, &setting);
        text_append_spaces(&setting, longest + 7 - setting.len);
        buf_append_char(&setting, '\0');
        buf_printf(&line, "%s: %s", d->dials[i].what, choice);
        prose_append(out, setting.data, buf_bytes(&line), width);
        buf_deinit(&setting);
        buf_deinit(&line);
    }
}

void dials_summary(const struct dials *d, struct buf *out)
{
    for (size_t i = 0; i < d->count; i++) {
        if (i > 0)
            buf_append_char(out, ' ');
        put_setting(d, i, out);
    }
}
