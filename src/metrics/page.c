/* SPDX-License-Identifier: BSD-3-Clause */
#include "metrics/page.h"

#include "base/mem.h"
#include "commands/command.h"

/* Commands nobody has called would be most of the page. */
static void list_commands(struct page *p)
{
    struct command_table *t = p->sv->commands;
    size_t count = command_table_count(t);
    p->commands = mem_alloc((count + 1) * sizeof(*p->commands));
    p->timed = mem_alloc((count + 1) * sizeof(*p->timed));
    for (size_t i = 0; i < count; i++) {
        const struct command_stats *s = command_stats(t, command_at(t, i));
        if (s->calls > 0 || s->rejected > 0)
            p->commands[p->command_count++] = command_at(t, i);
        if (s->latency != NULL)
            p->timed[p->timed_count++] = command_at(t, i);
    }
}

void page_begin(struct page *p, enum exposition_format format, struct services *sv,
                const struct survey *survey, const uint64_t *requests)
{
    *p = (struct page){.sv = sv, .survey = survey, .requests = requests};
    p->to = (struct exposition){.format = format, .out = &p->text};
    sv->process_figures(sv, &p->process);
    recorder_stats(sv->recorder, &p->recorded);
    list_commands(p);
}

void page_end(struct page *p)
{
    mem_free(p->commands);
    mem_free(p->timed);
    buf_deinit(&p->text);
}

/* --- rendering ------------------------------------------------------------------------------ */

static void write_field(struct exposition *e, const struct metric *m, const void *from)
{
    const char *at = (const char *)from + m->offset;
    uint64_t wide = 0;
    uint32_t narrow = 0;
    double real = 0;
    if (m->real) {
        memcpy(&real, at, sizeof(real));
        exposition_real(e, NULL, 0, real);
        return;
    }
    ASSERT(m->size == sizeof(wide) || m->size == sizeof(narrow));
    if (m->size == sizeof(wide))
        memcpy(&wide, at, sizeof(wide));
    else
        memcpy(&narrow, at, sizeof(narrow));
    exposition_count(e, NULL, 0, m->size == sizeof(wide) ? wide : narrow);
}

static void write_number(struct page *p, const struct metric *m)
{
    if (m->source != NULL)
        write_field(&p->to, m, m->source(p));
    else
        exposition_real(&p->to, NULL, 0, m->number(p));
}

/* Returns how many samples were written; at most `budget` of a metric's rows. */
static size_t step_metric(struct page *p, const struct metric *m, size_t budget)
{
    size_t rows = m->rows == NULL ? 1 : m->rows(p), written = 0;
    if (p->row == 0 && (rows > 0 || !m->optional))
        exposition_begin(&p->to, &m->family);
    for (; p->row < rows && written < budget; p->row++, written++) {
        if (m->rows == NULL)
            write_number(p, m);
        else
            m->row(p, &p->to, m, p->row);
    }
    if (p->row == rows) {
        p->row = 0;
        p->family++;
    }
    return written;
}

bool page_step(struct page *p, size_t budget)
{
    for (size_t written = 0; p->family < metrics_count();) {
        if (written >= budget)
            return true;
        written += step_metric(p, &metrics_table[p->family], budget - written);
    }
    exposition_end(&p->to);
    return false;
}
