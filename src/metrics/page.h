/* SPDX-License-Identifier: BSD-3-Clause */
/* The page of all metrics, from a survey that is done and the server's counters, a little per turn. */
#ifndef ECHOLOG_METRICS_PAGE_H
#define ECHOLOG_METRICS_PAGE_H

#include "commands/services.h"
#include "metrics/exposition.h"
#include "metrics/route.h"
#include "metrics/survey.h"

struct metric;

struct page {
    /* What it tells; borrowed. */
    struct services *sv;
    const struct survey *survey;
    const uint64_t *requests; /* by enum route */
    struct process_figures process;
    const struct command **commands; /* owned: those that were ever called */
    size_t command_count;
    const struct command **timed; /* owned: those of them whose time was measured */
    size_t timed_count;
    struct recorder_stats recorded;

    struct buf text; /* owned; the caller may take it out of a page that is done */
    struct exposition to;
    size_t family, row; /* where it is */
};

/* A metric: its family, and where its samples come from. Either one number (a field of a struct, or computed),
 * or a row per thing with labels. */
struct metric {
    struct family family;
    const void *(*source)(const struct page *p); /* of the field, when it is one number */
    double (*number)(const struct page *p);      /* or this */
    size_t (*rows)(const struct page *p);        /* or these */
    void (*row)(const struct page *p, struct exposition *e, const struct metric *m, size_t i);
    size_t offset, size; /* of the field, in the source or in what a row is about */
    bool real;           /* the field is a double */
    bool optional;       /* left out while there is no row */
};
extern const struct metric metrics_table[];
size_t metrics_count(void);

void page_begin(struct page *p, enum exposition_format format, struct services *sv,
                const struct survey *survey, const uint64_t *requests);
/* Renders about `budget` samples. True: there is more. */
bool page_step(struct page *p, size_t budget);
/* Done or not. */
void page_end(struct page *p);

#endif
