/* SPDX-License-Identifier: BSD-3-Clause */
#include "metrics/pages.h"

#include "base/mem.h"
#include "metrics/page.h"

/* Of one turn: about half a millisecond each. */
#define PARTITIONS_PER_TURN 2000
#define SAMPLES_PER_TURN 1000
/* How long a write that found no space keeps us from being ready: who sends us nothing meanwhile gives us no
 * chance to find some. */
#define NO_SPACE_US (10 * 1000000LL)

enum stage { STAGE_IDLE, STAGE_SURVEY, STAGE_PAGE };

struct pages {
    struct services *sv; /* borrowed */
    pages_ready_fn *ready;
    void *ctx;
    uint64_t requests[ROUTE_COUNT];
    struct list waiting; /* of struct page_request: for the next page */
    struct list served;  /* for the one being made */
    enum stage stage;
    enum exposition_format format; /* being rendered */
    struct survey survey;
    struct page page;
};

struct pages *pages_create(struct services *sv, pages_ready_fn *ready, void *ctx)
{
    struct pages *p = mem_zalloc(1, sizeof(*p));
    p->sv = sv;
    p->ready = ready;
    p->ctx = ctx;
    list_init(&p->waiting);
    list_init(&p->served);
    return p;
}

static void stop(struct pages *p)
{
    if (p->stage == STAGE_PAGE)
        page_end(&p->page);
    if (p->stage != STAGE_IDLE)
        survey_end(&p->survey);
    p->stage = STAGE_IDLE;
}

void pages_destroy(struct pages *p)
{
    ASSERT(list_empty(&p->waiting) && list_empty(&p->served));
    stop(p);
    mem_free(p);
}

enum route pages_route(struct pages *p, struct bytes method, struct bytes path)
{
    enum route route = route_of(method, path);
    p->requests[route]++;
    return route;
}

/* --- the page of metrics ---------------------------------------------------------------------- */

void pages_ask(struct pages *p, struct page_request *r)
{
    list_push_back(&p->waiting, &r->link);
}

void pages_give_up(struct pages *p, struct list *requests)
{
    list_splice_back(requests, &p->waiting);
    list_splice_back(requests, &p->served);
}

/* Those of the requests served that want this dialect. */
static void take_requests(struct pages *p, enum exposition_format format, struct list *taken)
{
    list_init(taken);
    LIST_EACH (it, &p->served) {
        if (CONTAINER_OF(it, struct page_request, link)->format != format)
            continue;
        list_remove(it);
        list_push_back(taken, it);
    }
}

/* The next dialect that somebody wants. */
static void begin_page(struct pages *p)
{
    if (list_empty(&p->served)) {
        stop(p);
        return;
    }
    p->format = CONTAINER_OF(p->served.next, struct page_request, link)->format;
    page_begin(&p->page, p->format, p->sv, &p->survey, p->requests);
    p->stage = STAGE_PAGE;
}

static void finish_page(struct pages *p)
{
    struct list taken;
    take_requests(p, p->format, &taken);
    p->ready(p->ctx, &taken, p->format, &p->page.text);
    page_end(&p->page);
    p->stage = STAGE_SURVEY;
    begin_page(p);
}

bool pages_work(struct pages *p)
{
    switch (p->stage) {
    case STAGE_IDLE:
        if (list_empty(&p->waiting))
            return false;
        list_splice_back(&p->served, &p->waiting);
        survey_begin(&p->survey, p->sv);
        p->stage = STAGE_SURVEY;
        break;
    case STAGE_SURVEY:
        if (!survey_step(&p->survey, PARTITIONS_PER_TURN))
            begin_page(p);
        break;
    case STAGE_PAGE:
        if (!page_step(&p->page, SAMPLES_PER_TURN))
            finish_page(p);
        break;
    }
    return p->stage != STAGE_IDLE || !list_empty(&p->waiting);
}

/* --- ready ------------------------------------------------------------------------------------ */

unsigned pages_readyz(const struct pages *p, struct buf *text)
{
    const struct services *sv = p->sv;
    const struct storage_stats *s = storage_stats(sv->storage);
    size_t failed = s->partitions_failed + catalog_stats(sv->catalog)->partitions_unopened;
    size_t before = text->len;
    if (sv->stopping)
        buf_append_string(text, "stopping\n");
    if (failed > 0)
        buf_printf(text, "%zu of %zu partitions take no writes; the trace says why\n", failed,
                   catalog_partition_count(sv->catalog));
    if (s->no_space_us != 0 && sv->clock->mono_us - s->no_space_us < NO_SPACE_US)
        buf_printf(text, "no space left in '%s'\n", sv->config->dir);
    if (text->len > before)
        return 503;
    buf_append_string(text, "ok\n");
    return 200;
}
