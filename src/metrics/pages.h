/* SPDX-License-Identifier: BSD-3-Clause */
/* The pages, for whoever has requests. The page of metrics is made over several turns: a request that comes gets
 * one that was begun after it, together with all others that came by then. */
#ifndef ECHOLOG_METRICS_PAGES_H
#define ECHOLOG_METRICS_PAGES_H

#include "base/list.h"
#include "commands/services.h"
#include "metrics/route.h"

struct pages;

/* A request for the page of metrics; embedded by who asks. */
struct page_request {
    enum exposition_format format;
    struct list link; /* private */
};

/* Answers all of `requests` (of struct page_request.link), which are out of our hands then, with the page. */
typedef void pages_ready_fn(void *ctx, struct list *requests, enum exposition_format format,
                            struct buf *text);

struct pages *pages_create(struct services *sv, pages_ready_fn *ready, void *ctx);
void pages_destroy(struct pages *p); /* nobody may wait any more */

/* Counts a request; says what page it gets. */
enum route pages_route(struct pages *p, struct bytes method, struct bytes path);

void pages_ask(struct pages *p, struct page_request *r);
/* Moves all requests that wait to `requests`: they get no page. */
void pages_give_up(struct pages *p, struct list *requests);
/* Does a little of it. True: there is more to do. */
bool pages_work(struct pages *p);

/* Whether clients are served well, or why not; returns the status. */
unsigned pages_readyz(const struct pages *p, struct buf *text);

#endif
