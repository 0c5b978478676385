/* SPDX-License-Identifier: BSD-3-Clause */
/* The nearest known name, by edit distance: inserting, dropping or changing a letter, or swapping two
 * neighbours, each counts one. */
#include "base/nearest.h"
#include <limits.h>

#define NEAREST_NAME_BYTES_MAX 64 /* longer ones are not looked at */

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
    unsigned least = a < b ? a : b;

    return least < c ? least : c;
}

static unsigned distance(struct bytes a, struct bytes b)
{
    unsigned rows[3][NEAREST_NAME_BYTES_MAX + 1];
    unsigned *before = rows[0], *above = rows[1], *row = rows[2];

    for (unsigned j = 0; j <= b.len; j++)
        row[j] = j;
    for (unsigned i = 1; i <= a.len; i++) {
        unsigned *spare = before;
        char left = byte_lower(a.data[i - 1]);

        before = above;
        above = row;
        row = spare;
        row[0] = i;
        for (unsigned j = 1; j <= b.len; j++) {
            char right = byte_lower(b.data[j - 1]);

            row[j] = min3(above[j] + 1, row[j - 1] + 1, above[j - 1] + (left != right));
            if (i > 1 && j > 1 && left == byte_lower(b.data[j - 2]) &&
                byte_lower(a.data[i - 2]) == right && before[j - 2] + 1 < row[j])
                row[j] = before[j - 2] + 1;
        }
    }
    return row[b.len];
}

void nearest_init(struct nearest *n, struct bytes typed)
{
    *n = (struct nearest){typed, NULL, UINT_MAX};
}

void nearest_offer(struct nearest *n, const char *name)
{
    struct bytes known = bytes_of_string(name);
    unsigned edits;

    if (known.len > NEAREST_NAME_BYTES_MAX || n->typed.len > NEAREST_NAME_BYTES_MAX)
        return;
    edits = distance(n->typed, known);
    if (edits * 3 > known.len || edits >= n->best_distance)
        return;
    n->best = name;
    n->best_distance = edits;
}
