/* SPDX-License-Identifier: BSD-3-Clause */
#include "lab/lessons.h"
#include "base/nearest.h"
#include "base/num.h"

/* One a line, in the order of the course. */
/* clang-format off */
#define LESSONS(LESSON) \
    LESSON(unheard)     \
    LESSON(sharing)     \
    LESSON(keys)        \
    LESSON(members)     \
    LESSON(rebalance)   \
    LESSON(twice)       \
    LESSON(never)       \
    LESSON(slow)        \
    LESSON(replay)      \
    LESSON(restart)     \
    LESSON(retention)   \
    LESSON(compaction)  \
    LESSON(queue)       \
    LESSON(memory)
/* clang-format on */

#define DECLARE(name) extern const struct lesson lesson_##name;
LESSONS(DECLARE)

#define POINT_TO(name) &lesson_##name,
static const struct lesson *const lessons[] = {LESSONS(POINT_TO)};

size_t lessons_count(void)
{
    return COUNT_OF(lessons);
}

const struct lesson *lessons_at(size_t i)
{
    ASSERT(i < COUNT_OF(lessons));
    return lessons[i];
}

const struct lesson *lessons_find(struct bytes which, const char **nearest)
{
    struct nearest near;
    int64_t number;

    *nearest = NULL;
    if (num_parse_i64(which, &number))
        return number >= 1 && number <= (int64_t)COUNT_OF(lessons) ? lessons[number - 1] : NULL;
    nearest_init(&near, which);
    for (size_t i = 0; i < COUNT_OF(lessons); i++) {
        if (bytes_is(which, lessons[i]->name))
            return lessons[i];
        nearest_offer(&near, lessons[i]->name);
    }
    *nearest = near.best;
    return NULL;
}

size_t lessons_number(const struct lesson *lesson)
{
    size_t i = 0;

    while (lessons[i] != lesson)
        i++;
    return i + 1;
}
