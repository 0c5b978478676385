/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands/latency_text.h"

#include "base/check.h"
#include <stdio.h>

#define GRAPH_ROWS 4
#define LABEL_BYTES_MAX 24

/* --- the graph ------------------------------------------------------------------------------ */

/* How old a sample is, in the largest unit that fits: "12s", "3m", "7h", "2d". */
static int age_text(char label[LABEL_BYTES_MAX], int64_t age_s)
{
    static const struct {
        int64_t seconds;
        char unit;
    } units[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
    size_t unit = 0;
    while (unit + 1 < COUNT_OF(units) && age_s < units[unit].seconds)
        unit++;
    return snprintf(label, LABEL_BYTES_MAX, "%lld%c", (long long)(age_s / units[unit].seconds),
                    units[unit].unit);
}

/* What stands in a row of the column: its top is drawn in three heights per row, with a stem below. */
static char cell(int64_t height, int row)
{
    static const char tops[] = {'_', 'o', '#'};
    int64_t below = (int64_t)(GRAPH_ROWS - 1 - row) * 3;
    if (height < below)
        return ' ';
    return height < below + 3 ? tops[height - below] : '|';
}

static void append_ages(struct buf *text, const struct latency_series *s, uint32_t first,
                        int64_t now_s)
{
    size_t rows = 0;
    for (size_t row = 0; row == 0 || row < rows; row++) {
        for (uint32_t i = first; i < s->count; i++) {
            char label[LABEL_BYTES_MAX];
            int64_t age_s = now_s - latency_sample_at(s, i)->wall_s;
            size_t len = (size_t)age_text(label, age_s > 0 ? age_s : 0);
            rows = len > rows ? len : rows;
            buf_append_char(text, row < len ? label[row] : ' ');
        }
        buf_append_char(text, '\n');
    }
}

void latency_graph(struct buf *text, const char *name, const struct latency_series *s,
                   int64_t now_s)
{
    uint32_t first = s->count > LATENCY_GRAPH_COLUMNS ? s->count - LATENCY_GRAPH_COLUMNS : 0;
    int64_t low = INT64_MAX, high = 0;
    for (uint32_t i = first; i < s->count; i++) {
        int64_t ms = latency_sample_at(s, i)->ms;
        low = ms < low ? ms : low;
        high = ms > high ? ms : high;
    }
    buf_printf(text, "%s - high %lld ms, low %lld ms (all time high %lld ms)\n", name,
               (long long)high, (long long)low, (long long)s->max_ms);
    for (int i = 0; i < LATENCY_GRAPH_COLUMNS; i++)
        buf_append_char(text, '-');
    buf_append_char(text, '\n');
    for (int row = 0; row < GRAPH_ROWS; row++) {
        for (uint32_t i = first; i < s->count; i++) {
            int64_t over = latency_sample_at(s, i)->ms - low;
            int64_t height =
                high > low ? (int64_t)((double)over * (GRAPH_ROWS * 3 - 1) / (double)(high - low))
                           : 0;
            buf_append_char(text, cell(height, row));
        }
        buf_append_char(text, '\n');
    }
    for (uint32_t i = first; i < s->count; i++)
        buf_append_char(text, ' ');
    buf_append_char(text, '\n');
    append_ages(text, s, first, now_s);
}

/* --- the doctor ------------------------------------------------------------------------------- */

/* What may help, per kind of event. */
static const char *const advice[LATENCY_KIND_COUNT] = {
    [LATENCY_COMMAND] = "SLOWLOG GET shows which commands took long. Ask large ones for less at a "
                        "time: FETCH and CONSUME with COUNT or MAXBYTES.",
    [LATENCY_FAST_COMMAND] = "Commands that should be short took long: the machine is short of CPU "
                             "time, or its memory is swapped out. Look at both.",
    [LATENCY_UNBLOCKING] = "Readers that waited were answered with much at once: let them ask for "
                           "less with MAXBYTES.",
    [LATENCY_TICK] = "One turn of the loop serves all clients. Many large requests in one turn, or "
                     "a machine short of CPU time, make it long: see the other events.",
    [LATENCY_COMMIT] =
        "Writing what was appended takes long, though it only goes to the page cache: "
        "the system may be writing back too much (vm.dirty_background_bytes).",
    [LATENCY_DISK_WRITE] = "A write to the page cache was held up: the device is saturated, or the "
                           "system lets too many dirty pages gather (vm.dirty_bytes).",
    [LATENCY_DISK_SYNC] =
        "Syncs are what 'ack synced' waits for. Is the device busy with something "
        "else? Has it a write cache that survives a power failure? Topics that can "
        "lose their last second may use 'ack written'.",
};

static void append_event(struct buf *text, size_t number, const char *name,
                         const struct latency_series *s, int64_t now_s)
{
    struct latency_analysis a = latency_analyse(s, now_s);
    buf_printf(text,
               "%zu. %s: %u latency spikes (average %lldms, mean deviation %lldms, period %.2f "
               "sec). Worst all time event %lldms.\n",
               number, name, s->count, (long long)a.average_ms, (long long)a.deviation_ms,
               a.period_s, (long long)s->max_ms);
}

void latency_report(struct buf *text, const struct latency_events *e, const struct config *config,
                    int64_t now_s)
{
    size_t count = 0;
    for (int kind = 0; kind < LATENCY_KIND_COUNT; kind++)
        count += e->series[kind] != NULL;
    if (count == 0 && config->latency_monitor_threshold_ms == 0) {
        buf_append_string(text,
                          "Latency monitoring is disabled. \"CONFIG SET latency-monitor-threshold "
                          "<milliseconds>\" turns it on.\n");
        return;
    }
    if (count == 0) {
        buf_append_string(text,
                          "No latency spike was observed since monitoring began, or was reset.\n");
        return;
    }
    buf_append_string(text, "Latency spikes were observed:\n\n");
    size_t number = 0;
    for (int kind = 0; kind < LATENCY_KIND_COUNT; kind++)
        if (e->series[kind] != NULL)
            append_event(text, ++number, latency_kind_name((enum latency_kind)kind),
                         e->series[kind], now_s);
    buf_append_string(text, "\nWhat may help:\n\n");
    for (int kind = 0; kind < LATENCY_KIND_COUNT; kind++)
        if (e->series[kind] != NULL)
            buf_printf(text, "- %s: %s\n", latency_kind_name((enum latency_kind)kind),
                       advice[kind]);
}
