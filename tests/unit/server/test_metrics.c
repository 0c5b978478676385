/* SPDX-License-Identifier: BSD-3-Clause */
/* The page of metrics over a whole broker: what its figures follow, and that it stays bounded and whole while
 * topics and groups come and go under it. */
#include "broker_fixture.h"
#include "metrics/page.h"
#include "metrics/pages.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#define STEPS_MAX 100000

static void begin(struct fixture *f)
{
    fixture_init(f);
    fixture_settle(f);
}

/* The page in one go, NUL-terminated; the caller's. */
static char *render(struct fixture *f, enum exposition_format format)
{
    const uint64_t requests[ROUTE_COUNT] = {[ROUTE_METRICS] = 3};
    struct services *sv = broker_services(f->broker);
    struct survey survey;
    struct page page;
    survey_begin(&survey, sv);
    while (survey_step(&survey, 3))
        ;
    page_begin(&page, format, sv, &survey, requests);
    while (page_step(&page, 1))
        ;
    buf_append_char(&page.text, '\0');
    char *text = page.text.data;
    page.text = (struct buf){0};
    page_end(&page);
    survey_end(&survey);
    return text;
}

/* The value of a series in a page; fails when it is not there exactly once. */
static double series(const char *text, const char *name)
{
    char line[256];
    snprintf(line, sizeof(line), "\n%s ", name);
    const char *at = strstr(text, line);
    cr_assert_not_null(at, "'%s' is not in the page", name);
    cr_assert_null(strstr(at + 1, line), "'%s' is in the page twice", name);
    return strtod(at + strlen(line), NULL);
}

static double value(struct fixture *f, const char *name)
{
    char *text = render(f, EXPOSITION_TEXT);
    double found = series(text, name);
    free(text);
    return found;
}

static size_t count_lines_with(const char *text, const char *begin)
{
    size_t count = 0;
    char line[256];
    snprintf(line, sizeof(line), "\n%s", begin);
    for (const char *at = text; (at = strstr(at, line)) != NULL; at++)
        count++;
    return count;
}

Test(metrics, a_server_without_topics_has_a_whole_page)
{
    struct fixture f;
    begin(&f);
    char *text = render(&f, EXPOSITION_OPENMETRICS);
    cr_assert_eq(strncmp(text, "# HELP echolog_build ", 21), 0);
    cr_assert_str_eq(text + strlen(text) - 6, "# EOF\n");
    cr_assert_eq(series(text, "echolog_log_topics"), 0);
    cr_assert_eq(series(text, "echolog_clients"), FIXTURE_CLIENTS);
    cr_assert_eq(series(text, "echolog_http_requests_total{page=\"metrics\"}"), 3);
    cr_assert_null(strstr(text, "echolog_topic_size_bytes"));
    free(text);
    fixture_deinit(&f);
}

Test(metrics, each_family_is_told_once_with_its_own_words)
{
    for (size_t i = 0; i < metrics_count(); i++) {
        const struct family *one = &metrics_table[i].family;
        size_t len = strlen(one->name), help_len = strlen(one->help);
        cr_expect_eq(one->help[help_len - 1], '.', "%s", one->name);
        cr_expect_null(strpbrk(one->help, "\"\\\n"), "%s", one->name);
        cr_expect_null(strstr(one->name, "_total"), "%s", one->name);
        if (one->unit != NULL)
            cr_expect_str_eq(one->name + len - strlen(one->unit), one->unit);
        for (size_t k = 0; k < i; k++)
            cr_expect_str_neq(metrics_table[k].family.name, one->name);
    }
}

Test(metrics, produced_read_and_committed_records_move_the_figures)
{
    struct fixture f;
    begin(&f);
    fixture_say(&f, 0, "TOPIC CREATE t PARTITIONS 2\nMPRODUCE t PARTITION 1 VALUES a b c\n");
    cr_assert_eq(value(&f, "echolog_log_appended_records_total"), 3);
    cr_assert_eq(value(&f, "echolog_topic_appended_records_total{topic=\"t\"}"), 3);
    cr_assert_eq(value(&f, "echolog_topic_partitions{topic=\"t\"}"), 2);
    cr_assert_gt(value(&f, "echolog_topic_size_bytes{topic=\"t\"}"), 0);
    cr_assert_eq(value(&f, "echolog_topic_read_records_total{topic=\"t\"}"), 0);

    fixture_say(&f, 1, "CONSUME g m COUNT 2 TOPICS t\n");
    cr_assert_eq(value(&f, "echolog_topic_read_records_total{topic=\"t\"}"), 2);
    cr_assert_eq(value(&f, "echolog_group_lag_records{group=\"g\"}"), 3);
    cr_assert_eq(value(&f, "echolog_group_partition_lag_max_records{group=\"g\"}"), 3);
    cr_assert_eq(value(&f, "echolog_group_members{group=\"g\"}"), 1);
    fixture_say(&f, 1, "CONSUME g m COUNT 2 TOPICS t\n");
    cr_assert_eq(value(&f, "echolog_group_lag_records{group=\"g\"}"), 1);
    cr_assert_eq(value(&f, "echolog_group_topic_lag_records{group=\"g\",topic=\"t\"}"), 1);

    fixture_say(&f, 2, "TOPIC TRIM t 1 BEFORE 2\n");
    cr_assert_eq(value(&f, "echolog_topic_removed_records_total{topic=\"t\"}"), 2);
    fixture_say(&f, 2, "FOLLOW t/1 FROM EARLIEST\n");
    cr_assert_eq(value(&f, "echolog_follow_records_total"), 1);
    cr_assert_eq(value(&f, "echolog_follow_partitions"), 1);
    cr_assert_eq(value(&f, "echolog_topic_read_records_total{topic=\"t\"}"), 4);
    cr_assert_eq(value(&f, "echolog_log_read_records_total"), 4);
    cr_assert_gt(value(&f, "echolog_log_read_bytes_total"), 0);
    fixture_deinit(&f);
}

Test(metrics, what_was_read_stays_counted_when_its_topic_goes)
{
    struct fixture f;
    begin(&f);
    fixture_say(&f, 0, "PRODUCE t a\nFETCH t 0 0\nTOPIC DELETE t\n");
    cr_assert_eq(value(&f, "echolog_log_read_records_total"), 1);
    cr_assert_eq(value(&f, "echolog_log_topics"), 0);
    fixture_deinit(&f);
}

Test(metrics, echo_is_counted)
{
    struct fixture f;
    begin(&f);
    fixture_say(&f, 0, "SUBSCRIBE c d\nPSUBSCRIBE c*\n");
    fixture_say(&f, 1, "SUBSCRIBE c\nSSUBSCRIBE s\n");
    fixture_say(&f, 2, "PUBLISH c x\nPUBLISH nobody x\n");
    cr_assert_eq(value(&f, "echolog_echo_messages_total"), 2);
    cr_assert_eq(value(&f, "echolog_echo_deliveries_total"), 3);
    cr_assert_eq(value(&f, "echolog_echo_channels"), 2);
    cr_assert_eq(value(&f, "echolog_echo_patterns"), 1);
    cr_assert_eq(value(&f, "echolog_echo_shard_channels"), 1);
    cr_assert_eq(value(&f, "echolog_echo_subscribers"), 2);
    cr_assert_eq(value(&f, "echolog_echo_subscriptions{kind=\"channel\"}"), 3);
    fixture_say(&f, 0, "UNSUBSCRIBE\n");
    cr_assert_eq(value(&f, "echolog_echo_subscribers"), 2);
    fixture_say(&f, 0, "PUNSUBSCRIBE\n");
    cr_assert_eq(value(&f, "echolog_echo_subscribers"), 1);
    fixture_say(&f, 1, "QUIT\n");
    cr_assert_eq(value(&f, "echolog_echo_subscribers"), 0);
    cr_assert_eq(value(&f, "echolog_echo_subscriptions{kind=\"channel\"}"), 0);
    fixture_deinit(&f);
}

Test(metrics, commands_have_calls_failures_rejections_and_times)
{
    struct fixture f;
    begin(&f);
    fixture_say(&f, 0, "PING\nPING\nPING too many words\nCLIENT ID\nFETCH nosuch 0 0\n");
    char *text = render(&f, EXPOSITION_TEXT);
    cr_expect_eq(series(text, "echolog_command_calls_total{command=\"ping\"}"), 3);
    cr_expect_eq(series(text, "echolog_command_calls_total{command=\"client|id\"}"), 1);
    cr_expect_eq(series(text, "echolog_command_failures_total{command=\"fetch\"}"), 1);
    cr_expect_eq(series(text, "echolog_command_duration_seconds_count{command=\"ping\"}"), 3);
    cr_expect_eq(
        series(text, "echolog_command_duration_seconds_bucket{command=\"ping\",le=\"+Inf\"}"), 3);
    cr_expect_eq(series(text, "echolog_error_replies_total{code=\"UNKNOWNTOPIC\"}"), 1);
    cr_expect_null(strstr(text, "command=\"publish\""));
    free(text);
    fixture_deinit(&f);
}

Test(metrics, cardinality_is_bounded_and_the_rest_is_summed_up)
{
    struct fixture f;
    char line[128];
    begin(&f);
    f.config.metrics_topics_max = 3;
    f.config.metrics_groups_max = 2;
    for (int i = 0; i < 8; i++) {
        snprintf(line, sizeof(line), "TOPIC CREATE t%d\n", i);
        fixture_say(&f, 0, line);
        for (int k = 0; k <= i; k++) {
            snprintf(line, sizeof(line), "PRODUCE t%d xxxxxxxxxxxxxxxxxxxxxxx\n", i);
            fixture_say(&f, 0, line);
        }
    }
    fixture_say(&f, 0, "TOPIC CREATE _other\n");
    for (int i = 0; i < 15; i++) /* more than any other */
        fixture_say(&f, 0, "PRODUCE _other xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n");
    for (int i = 0; i < 5; i++) {
        snprintf(line, sizeof(line), "CONSUME g%d m COUNT 1 TOPICS t%d\n", i, i + 1);
        fixture_say(&f, 1, line);
        fixture_say(&f, 1, line); /* commits what the first one was given */
    }
    char *text = render(&f, EXPOSITION_TEXT);
    cr_expect_eq(count_lines_with(text, "echolog_topic_size_bytes{"), 4);
    cr_expect_eq(series(text, "echolog_topics_left_out"), 9 - 3 + 1); /* and __consumer_offsets */
    cr_expect_eq(series(text, "echolog_topic_appended_records_total{topic=\"t7\"}"), 8);
    double others = series(text, "echolog_topic_appended_records_total{topic=\"_other\"}");
    cr_expect_geq(others, 1 + 2 + 3 + 4 + 5 + 15);

    cr_expect_eq(count_lines_with(text, "echolog_group_lag_records{"), 3);
    cr_expect_eq(series(text, "echolog_groups_left_out"), 3);
    double g4 = series(text, "echolog_group_lag_records{group=\"g4\"}");
    double g3 = series(text, "echolog_group_lag_records{group=\"g3\"}");
    cr_expect_eq(g4, 5);
    cr_expect_eq(g3, 4);
    cr_expect_eq(series(text, "echolog_group_lag_records{group=\"_other\"}"), 3 + 2 + 1);
    cr_expect_eq(series(text, "echolog_group_topic_lag_records{group=\"_other\",topic=\"_other\"}"),
                 6);
    free(text);

    f.config.metrics_topics_max = 0;
    text = render(&f, EXPOSITION_TEXT);
    cr_expect_eq(count_lines_with(text, "echolog_topic_size_bytes{"), 1);
    free(text);
    fixture_deinit(&f);
}

Test(metrics, topics_and_groups_may_go_while_they_are_looked_at)
{
    for (size_t steps = 0; steps < 40; steps++) {
        struct fixture f;
        struct survey s;
        begin(&f);
        fixture_say(&f, 0,
                    "TOPIC CREATE a PARTITIONS 5\nTOPIC CREATE b PARTITIONS 5\n"
                    "MPRODUCE a VALUES x y z\nMPRODUCE b VALUES x y z\n");
        fixture_say(&f, 1, "CONSUME g m TOPICS a b\nCONSUME g m TOPICS a b\nGROUP LEAVE g m\n");
        fixture_say(&f, 1, "CONSUME h m TOPICS a b\nCONSUME h m TOPICS a b\n");
        survey_begin(&s, broker_services(f.broker));
        bool more = true;
        for (size_t i = 0; i < steps && more; i++)
            more = survey_step(&s, 1);
        fixture_say(&f, 0, "TOPIC DELETE a b\nGROUP DELETE g\nTOPIC CREATE c\n");
        while (more)
            more = survey_step(&s, 1);
        survey_end(&s);
        char *text = render(&f, EXPOSITION_TEXT);
        cr_assert_null(strstr(text, "group=\"g\""));
        cr_assert_not_null(strstr(text, "group=\"h\""));
        cr_assert_null(strstr(text, "{topic=\"a\"}"));
        cr_assert_not_null(strstr(text, "{topic=\"c\"}"));
        free(text);
        fixture_deinit(&f);
    }
}

/* --- pages for who asks ------------------------------------------------------------------------ */

struct asker {
    struct page_request request;
    char *text; /* what came; NULL: nothing yet */
};

static void on_ready(void *ctx, struct list *requests, enum exposition_format format,
                     struct buf *text)
{
    (void)format;
    size_t *answers = ctx;
    buf_append_char(text, '\0');
    while (!list_empty(requests)) {
        struct asker *a = CONTAINER_OF(requests->next, struct asker, request.link);
        list_remove(&a->request.link);
        a->text = strdup(text->data);
        ++*answers;
    }
}

static void work(struct pages *p)
{
    for (size_t i = 0; i < STEPS_MAX && pages_work(p); i++)
        ;
    cr_assert_not(pages_work(p));
}

Test(metrics, a_page_is_begun_after_it_was_asked_for)
{
    struct fixture f;
    struct asker early = {0}, late = {.request.format = EXPOSITION_OPENMETRICS}, other = {0};
    size_t answers = 0;
    begin(&f);
    struct pages *p = pages_create(broker_services(f.broker), on_ready, &answers);
    cr_assert_not(pages_work(p));
    pages_ask(p, &early.request);
    cr_assert(pages_work(p));
    cr_assert(pages_work(p)); /* the survey is through by now */
    fixture_say(&f, 0, "PRODUCE t a\n");
    pages_ask(p, &late.request);
    pages_ask(p, &other.request);
    work(p);
    cr_assert_eq(answers, 3);
    cr_assert_null(strstr(early.text, "topic=\"t\""));
    cr_assert_eq(series(late.text, "echolog_topic_appended_records_total{topic=\"t\"}"), 1);
    cr_assert_not_null(strstr(late.text, "# EOF\n"));
    cr_assert_null(strstr(other.text, "# EOF\n"));
    pages_destroy(p);
    free(early.text);
    free(late.text);
    free(other.text);
    fixture_deinit(&f);
}

Test(metrics, who_waits_at_the_end_is_given_back)
{
    struct fixture f;
    struct asker one = {0}, two = {0};
    struct list left;
    size_t answers = 0;
    begin(&f);
    struct pages *p = pages_create(broker_services(f.broker), on_ready, &answers);
    pages_ask(p, &one.request);
    (void)pages_work(p);
    pages_ask(p, &two.request);
    list_init(&left);
    pages_give_up(p, &left);
    cr_assert_eq(left.next, &two.request.link);
    cr_assert_eq(left.next->next, &one.request.link);
    pages_destroy(p);
    cr_assert_eq(answers, 0);
    fixture_deinit(&f);
}

/* --- ready ---------------------------------------------------------------------------------- */

static void expect_ready(struct pages *p, unsigned status, const char *words)
{
    struct buf text = {0};
    cr_expect_eq(pages_readyz(p, &text), status);
    buf_append_char(&text, '\0');
    cr_expect_not_null(strstr(text.data, words), "'%s' is not in: %s", words, text.data);
    buf_deinit(&text);
}

Test(metrics, not_ready_while_stopping)
{
    struct fixture f;
    begin(&f);
    struct pages *p = pages_create(broker_services(f.broker), NULL, NULL);
    expect_ready(p, 200, "ok");
    broker_stop(f.broker);
    expect_ready(p, 503, "stopping");
    pages_destroy(p);
    fixture_deinit(&f);
}

Test(metrics, not_ready_for_a_while_when_the_device_is_full)
{
    struct fixture f;
    begin(&f);
    struct pages *p = pages_create(broker_services(f.broker), NULL, NULL);
    fixture_say(&f, 0, "PRODUCE t a\n");
    f.disk->space_left = 0;
    fixture_say(&f, 0, "PRODUCE t b\n");
    expect_ready(p, 503, "no space left");
    cr_expect_eq(value(&f, "echolog_log_out_of_space"), 1);
    f.clock.mono_us += 10 * 1000000;
    expect_ready(p, 200, "ok");
    fixture_say(&f, 0, "PRODUCE t b\n");
    expect_ready(p, 503, "no space left");
    f.disk->space_left = FAKE_SPACE_ENDLESS;
    fixture_say(&f, 0, "PRODUCE t b\n");
    expect_ready(p, 200, "ok");
    cr_expect_eq(value(&f, "echolog_log_out_of_space"), 0);
    pages_destroy(p);
    fixture_deinit(&f);
}

Test(metrics, not_ready_while_a_partition_has_failed)
{
    struct fixture f;
    begin(&f);
    struct pages *p = pages_create(broker_services(f.broker), NULL, NULL);
    fixture_say(&f, 0, "PRODUCE t a\nPRODUCE u a\n");
    fake_disk_fail(f.disk, FAKE_SYNC, 0, 1, ERR_IO);
    fixture_say(&f, 0, "PRODUCE t b\n");
    expect_ready(p, 503, "1 of 2 partitions");
    cr_expect_eq(value(&f, "echolog_log_failed_partitions"), 1);
    cr_expect_eq(value(&f, "echolog_topic_failed_partitions{topic=\"t\"}"), 1);
    cr_expect_eq(value(&f, "echolog_topic_failed_partitions{topic=\"u\"}"), 0);
    fixture_say(&f, 0, "TOPIC DELETE t\n");
    expect_ready(p, 200, "ok");
    cr_expect_eq(value(&f, "echolog_log_failed_partitions"), 0);
    pages_destroy(p);
    fixture_deinit(&f);
}
