/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/requests.h"

#include "base/mem.h"
#include "base/num.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* What one request is made with. */
struct filling {
    uint64_t i, key;
    struct bytes payload;
};

/* "{i*500}" at `text`: its value, and how long it is; 0 when it is something else. */
static size_t take_number(const char *text, uint64_t i, uint64_t *value)
{
    const char *close = strchr(text, '}');
    uint64_t operand = 0;

    *value = i;
    if (strncmp(text, "{i}", 3) == 0)
        return 3;
    if (strncmp(text, "{i", 2) != 0 || close == NULL || strchr("*/%", text[2]) == NULL ||
        !num_parse_u64(bytes_of(text + 3, (size_t)(close - text - 3)), &operand) || operand == 0)
        return 0;
    *value = text[2] == '*' ? i * operand : text[2] == '/' ? i / operand : i % operand;
    return (size_t)(close + 1 - text);
}

static void fill_word(struct buf *out, const char *word, const struct filling *with)
{
    while (*word != '\0') {
        uint64_t value;
        size_t len = take_number(word, with->i, &value);

        if (len > 0) {
            buf_printf(out, "%" PRIu64, value);
            word += len;
        } else if (strncmp(word, "{key}", 5) == 0) {
            buf_printf(out, "key:%" PRIu64, with->key);
            word += 5;
        } else if (strncmp(word, "{payload}", 9) == 0) {
            buf_append_bytes(out, with->payload);
            word += 9;
        } else {
            buf_append_char(out, *word++);
        }
    }
}

/* How often the word stands in the request; `payload` says that it is "{payload*N}". */
static uint64_t word_times(const char *word, bool *payload)
{
    static const char begin[] = "{payload*";
    size_t len = strlen(word);
    uint64_t times;

    *payload = false;

    if (strncmp(word, begin, sizeof(begin) - 1) != 0 || word[len - 1] != '}' ||
        !num_parse_u64(bytes_of(word + sizeof(begin) - 1, len - sizeof(begin)), &times))
        return 1;
    *payload = true;
    return times;
}

static bool plan_has(const struct request_plan *plan, const char *placeholder)
{
    for (size_t i = 0; i < plan->word_count; i++)
        if (strstr(plan->words[i], placeholder) != NULL)
            return true;
    return false;
}

static void append_request(struct requests *r, const struct request_plan *plan,
                           const struct filling *with, struct buf *word)
{
    uint64_t count = 0;
    bool payload;

    for (size_t i = 0; i < plan->word_count; i++)
        count += word_times(plan->words[i], &payload);
    buf_printf(&r->data, "*%" PRIu64 "\r\n", count);
    for (size_t i = 0; i < plan->word_count; i++) {
        uint64_t times = word_times(plan->words[i], &payload);

        buf_clear(word);
        fill_word(word, payload ? "{payload}" : plan->words[i], with);
        for (uint64_t k = 0; k < times; k++) {
            buf_printf(&r->data, "$%zu\r\n", word->len);
            buf_append_bytes(&r->data, buf_bytes(word));
            buf_append(&r->data, "\r\n", 2);
        }
    }
}

static bool plan_is_good(const struct request_plan *plan, uint64_t different, char *why)
{
    uint64_t bytes = 0;
    bool payload;

    if (plan->word_count == 0) {
        snprintf(why, REQUESTS_WHY_BYTES, "a command has one word at least");
        return false;
    }
    for (size_t i = 0; i < plan->word_count; i++)
        bytes +=
            strlen(plan->words[i]) + word_times(plan->words[i], &payload) * (uint64_t)plan->size;
    if (different > REQUESTS_MAX ||
        bytes * (different + (uint64_t)plan->depth) > REQUESTS_BYTES_MAX) {
        snprintf(why, REQUESTS_WHY_BYTES, "%" PRIu64 " different requests, which is too much",
                 different);
        return false;
    }
    return true;
}

bool requests_build(struct requests *r, const struct request_plan *plan,
                    char why[REQUESTS_WHY_BYTES])
{
    uint64_t names = plan_has(plan, "{i") ? (uint64_t)plan->names : 1;
    uint64_t keys = plan_has(plan, "{key}") ? (uint64_t)plan->keys : 1;
    struct buf word = {0};
    char *payload;

    *r = (struct requests){0};
    if (!plan_is_good(plan, names * keys, why))
        return false;
    r->count = names * keys;
    r->at = mem_zalloc(r->count + (size_t)plan->depth + 1, sizeof(*r->at));
    payload = mem_alloc((size_t)plan->size + 1);
    memset(payload, 'x', (size_t)plan->size);
    for (size_t n = 0; n < r->count + (size_t)plan->depth; n++) {
        struct filling with = {.i = n % names,
                               .key = n / names % keys,
                               .payload = bytes_of(payload, (size_t)plan->size)};

        append_request(r, plan, &with, &word);
        r->at[n + 1] = r->data.len;
    }
    mem_free(payload);
    buf_deinit(&word);
    return true;
}

void requests_deinit(struct requests *r)
{
    buf_deinit(&r->data);
    mem_free(r->at);
    *r = (struct requests){0};
}

struct bytes requests_take(struct requests *r, size_t count)
{
    size_t from = r->next;

    r->next = (r->next + count) % r->count;
    return bytes_of(r->data.data + r->at[from], r->at[from + count] - r->at[from]);
}
