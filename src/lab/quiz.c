/* SPDX-License-Identifier: BSD-3-Clause */
#include "lab/quiz.h"
#include "lab/prose.h"

void quiz_deinit(struct quiz *q)
{
    buf_deinit(&q->question);
    for (size_t i = 0; i < q->count; i++) {
        buf_deinit(&q->choices[i].text);
        buf_deinit(&q->choices[i].why);
    }
    *q = (struct quiz){0};
}

void quiz_ask(struct quiz *q, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    buf_vprintf(&q->question, format, args);
    va_end(args);
}

void quiz_choice(struct quiz *q, const char *format, ...)
{
    va_list args;

    ASSERT(q->count < QUIZ_CHOICES_MAX);
    va_start(args, format);
    buf_vprintf(&q->choices[q->count++].text, format, args);
    va_end(args);
}

void quiz_why(struct quiz *q, const char *format, ...)
{
    va_list args;

    ASSERT(q->count > 0);
    va_start(args, format);
    buf_vprintf(&q->choices[q->count - 1].why, format, args);
    va_end(args);
}

void quiz_teaches(struct quiz *q, size_t choice)
{
    ASSERT(choice < q->count);
    q->taught = choice;
}

void quiz_print(const struct quiz *q, struct buf *out, size_t width)
{
    prose_append(out, "", buf_bytes(&q->question), width);
    for (size_t i = 0; i < q->count; i++) {
        const char mark[] = {' ', ' ', (char)('a' + i), ')', ' ', '\0'};

        prose_append(out, mark, buf_bytes(&q->choices[i].text), width);
    }
}

bool quiz_parse(const struct quiz *q, struct bytes answer, size_t *choice)
{
    if (answer.len == 2 && (answer.data[1] == ')' || answer.data[1] == '.'))
        answer.len = 1;
    if (answer.len != 1)
        return false;
    char c = byte_lower(answer.data[0]);
    size_t at = c >= '1' && c <= '9' ? (size_t)(c - '1') : (size_t)(c - 'a');
    if ((c < 'a' || c > 'z') && (c < '1' || c > '9'))
        return false;
    if (at >= q->count)
        return false;
    *choice = at;
    return true;
}
