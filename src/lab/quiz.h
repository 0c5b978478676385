/* SPDX-License-Identifier: BSD-3-Clause */
/* What a lesson asks before it is played: a question, what may happen, and for each why it is so or is not. One of the
 * choices is what the lesson teaches. */
#ifndef ECHOLOG_LAB_QUIZ_H
#define ECHOLOG_LAB_QUIZ_H

#include "base/buf.h"
#include "base/bytes.h"
#include "base/check.h"
#include <stdbool.h>

#define QUIZ_CHOICES_MAX 5
#define QUIZ_NONE QUIZ_CHOICES_MAX /* no choice: not answered; or what happened is none of them */

/* Zero-initialised is valid and empty. */
struct quiz {
    struct buf question;
    struct {
        struct buf text;
        struct buf why;
    } choices[QUIZ_CHOICES_MAX];
    size_t count;
    size_t taught; /* the choice that the lesson teaches */
};

void quiz_deinit(struct quiz *q);
void quiz_ask(struct quiz *q, const char *format, ...) PRINTF_LIKE(2, 3);
/* Adds a choice: a sentence. The first is 0 (and "a" for the learner), and so on. */
void quiz_choice(struct quiz *q, const char *format, ...) PRINTF_LIKE(2, 3);
/* Why the choice that was added last is right, or how one comes to think so and what is different: said to those who
 * chose it, and when it happened. */
void quiz_why(struct quiz *q, const char *format, ...) PRINTF_LIKE(2, 3);
/* Which of them the lesson teaches. */
void quiz_teaches(struct quiz *q, size_t choice);

/* Appends the question and its choices. */
void quiz_print(const struct quiz *q, struct buf *out, size_t width);
/* "b", "B)" or "2" is the second choice. False: it is none of them. */
MUST_CHECK
bool quiz_parse(const struct quiz *q, struct bytes answer, size_t *choice);

#endif
