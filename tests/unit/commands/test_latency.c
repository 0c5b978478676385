/* SPDX-License-Identifier: BSD-3-Clause */
/* Latency events, their samples, and the LATENCY family over them. */
#include "connection_fixture.h"

#include "commands/latency_text.h"
#include <criterion/criterion.h>

Test(latency_events, one_sample_a_second_the_longest)
{
    struct latency_events e = {0};
    latency_events_add(&e, LATENCY_COMMAND, 100, 20);
    latency_events_add(&e, LATENCY_COMMAND, 100, 50);
    latency_events_add(&e, LATENCY_COMMAND, 100, 30);
    latency_events_add(&e, LATENCY_COMMAND, 101, 40);
    const struct latency_series *s = e.series[LATENCY_COMMAND];
    cr_assert_eq(s->count, 2);
    cr_expect_eq(latency_sample_at(s, 0)->ms, 50);
    cr_expect_eq(latency_sample_at(s, 1)->ms, 40);
    cr_expect_eq(s->max_ms, 50);
    cr_expect_null(e.series[LATENCY_TICK]);
    latency_events_deinit(&e);
}

Test(latency_events, the_last_samples_are_kept_and_the_greatest_of_all_times)
{
    struct latency_events e = {0};
    for (int i = 0; i < LATENCY_SAMPLES_MAX + 10; i++)
        latency_events_add(&e, LATENCY_TICK, 1000 + i, i == 0 ? 999 : i);
    const struct latency_series *s = e.series[LATENCY_TICK];
    cr_assert_eq(s->count, LATENCY_SAMPLES_MAX);
    cr_expect_eq(latency_sample_at(s, 0)->wall_s, 1010);
    cr_expect_eq(latency_sample_at(s, s->count - 1)->ms, LATENCY_SAMPLES_MAX + 9);
    cr_expect_eq(s->max_ms, 999);
    struct latency_analysis a = latency_analyse(s, 1010 + LATENCY_SAMPLES_MAX);
    cr_expect_eq(a.min_ms, 10);
    cr_expect_eq(a.max_ms, LATENCY_SAMPLES_MAX + 9);
    cr_expect_float_eq(a.period_s, 1.0, 1e-9);
    cr_expect(latency_events_reset(&e, LATENCY_TICK));
    cr_expect_not(latency_events_reset(&e, LATENCY_TICK));
}

Test(latency_events, a_graph_has_a_column_per_sample)
{
    struct latency_events e = {0};
    struct buf text = {0};
    latency_events_add(&e, LATENCY_COMMAND, 100, 50);
    latency_events_add(&e, LATENCY_COMMAND, 170, 100);
    latency_graph(&text, "command", e.series[LATENCY_COMMAND], 171);
    buf_append_char(&text, '\0');
    cr_expect_str_eq(
        text.data,
        "command - high 100 ms, low 50 ms (all time high 100 ms)\n"
        "--------------------------------------------------------------------------------\n"
        " #\n |\n |\n_|\n  \n11\nms\n");
    buf_deinit(&text);
    latency_events_deinit(&e);
}

/* --- through commands ------------------------------------------------------------------------- */

static struct fixture f;
static int64_t now_ns;
static int64_t step_ns;

static int64_t read_clock(const struct clock *clock)
{
    (void)clock;
    return now_ns += step_ns;
}

static void setup(void)
{
    fixture_init(&f);
    f.clock.now_ns = read_clock;
    step_ns = 1500; /* 1.5 µs */
}

static void teardown(void)
{
    fixture_deinit(&f);
}

TestSuite(latency_commands, .init = setup, .fini = teardown);

Test(latency_commands, nothing_is_noted_without_a_threshold)
{
    step_ns = 500 * 1000000;
    fixture_say(&f, 0, "PING");
    cr_expect_str_eq(fixture_say(&f, 0, "LATENCY LATEST"), "*0\r\n");
    cr_expect_not_null(strstr(fixture_say(&f, 0, "LATENCY DOCTOR"), "disabled"));
}

Test(latency_commands, slow_commands_are_events_by_their_kind)
{
    fixture_say(&f, 0, "CONFIG SET latency-monitor-threshold 20");
    cr_expect_not_null(strstr(fixture_say(&f, 0, "LATENCY DOCTOR"), "No latency spike"));
    step_ns = 20 * 1000000 - 1;
    fixture_say(&f, 0, "PING");
    step_ns = 1;
    cr_expect_str_eq(fixture_say(&f, 0, "LATENCY LATEST"), "*0\r\n");
    step_ns = 25 * 1000000;
    fixture_say(&f, 0, "PING\nCLIENT LIST");
    step_ns = 1;
    cr_expect_str_eq(fixture_say(&f, 0, "LATENCY LATEST"),
                     "*2\r\n*4\r\n$7\r\ncommand\r\n:1700000000\r\n:25\r\n:25\r\n"
                     "*4\r\n$12\r\nfast-command\r\n:1700000000\r\n:25\r\n:25\r\n");
    cr_expect_str_eq(fixture_say(&f, 0, "LATENCY HISTORY command"),
                     "*1\r\n*2\r\n:1700000000\r\n:25\r\n");
    cr_expect_str_eq(fixture_say(&f, 0, "LATENCY HISTORY nope"), "*0\r\n");
    cr_expect_str_eq(fixture_say(&f, 0, "LATENCY GRAPH nope"),
                     "-ERR No samples available for event 'nope'\r\n");
    cr_expect_not_null(strstr(fixture_say(&f, 0, "LATENCY GRAPH command"), "high 25 ms"));
    const char *report = fixture_say(&f, 0, "LATENCY DOCTOR");
    cr_expect_not_null(strstr(report, "1. command: 1 latency spikes (average 25ms"));
    cr_expect_not_null(strstr(report, "SLOWLOG"));
    cr_expect_str_eq(fixture_say(&f, 0, "LATENCY RESET nope command"), ":1\r\n");
    cr_expect_str_eq(fixture_say(&f, 0, "LATENCY RESET"), ":1\r\n");
    cr_expect_str_eq(fixture_say(&f, 0, "LATENCY LATEST"), "*0\r\n");
}

Test(latency_commands, histograms_are_cumulative_and_in_the_shape_of_redis)
{
    fixture_say(&f, 0, "PING");
    step_ns = 3000;
    fixture_say(&f, 0, "PING\nPING");
    step_ns = 140000;
    fixture_say(&f, 0, "PING");
    cr_expect_str_eq(fixture_say(&f, 0, "LATENCY HISTOGRAM nosuch ping"),
                     "*2\r\n$4\r\nping\r\n*4\r\n$5\r\ncalls\r\n:4\r\n$14\r\nhistogram_usec\r\n"
                     "*6\r\n:2\r\n:1\r\n:4\r\n:3\r\n:264\r\n:4\r\n");
    step_ns = 1030; /* behind 1024, and in its step: as in Redis it belongs to it */
    fixture_say(&f, 0, "ECHO x");
    cr_expect_str_eq(fixture_say(&f, 0, "LATENCY HISTOGRAM echo"),
                     "*2\r\n$4\r\necho\r\n*4\r\n$5\r\ncalls\r\n:1\r\n$14\r\nhistogram_usec\r\n"
                     "*2\r\n:1\r\n:1\r\n");
    fixture_say(&f, 0, "CLIENT ID\nCLIENT GETNAME");
    const char *reply = fixture_say(&f, 0, "LATENCY HISTOGRAM client");
    cr_expect_eq(strncmp(reply, "*4\r\n", 4), 0, "both sub-commands");
    cr_expect_not_null(strstr(reply, "client|getname"));
    cr_expect_not_null(strstr(fixture_say(&f, 0, "LATENCY HISTOGRAM"), "latency|histogram"));
}
