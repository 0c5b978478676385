/* SPDX-License-Identifier: BSD-3-Clause */
/* The list of lessons, in the order of the course. */
#ifndef ECHOLOG_LAB_LESSONS_H
#define ECHOLOG_LAB_LESSONS_H

#include "lab/lesson.h"

size_t lessons_count(void);
const struct lesson *lessons_at(size_t i);
/* By its number from 1, or its name. NULL: there is none; *nearest is then a name that is like it, or NULL. */
const struct lesson *lessons_find(struct bytes which, const char **nearest);
size_t lessons_number(const struct lesson *lesson); /* from 1 */

#endif
