/* SPDX-License-Identifier: BSD-3-Clause */
#include "access/access_log.h"

#include "base/check.h"

#include <criterion/criterion.h>

#define SECOND INT64_C(1000000)

static struct access_log logged;
static int64_t now_us;

static void setup(void)
{
    access_log_init(&logged);
}

static void teardown(void)
{
    access_log_deinit(&logged);
}

TestSuite(access_log, .init = setup, .fini = teardown);

static void add(enum access_reason reason, const char *object, const char *client)
{
    struct access_log_entry e = {.reason = reason,
                                 .object = bytes_of_string(object),
                                 .username = BYTES_LITERAL("u"),
                                 .client = bytes_of_string(client)};
    access_log_add(&logged, &e, now_us, 20);
}

static const struct access_log_entry *entry(int i)
{
    struct list *it = logged.entries.next;
    while (i-- > 0)
        it = it->next;
    return CONTAINER_OF(it, struct access_log_entry, link);
}

Test(access_log, the_same_within_a_minute_is_one_entry_with_the_last_client)
{
    add(ACCESS_REASON_KEY, "a", "first");
    add(ACCESS_REASON_KEY, "b", "other");
    now_us += 60 * SECOND;
    add(ACCESS_REASON_KEY, "a", "second");
    cr_expect_eq(logged.count, 2);
    cr_expect_eq(entry(0)->count, 2);
    cr_expect(bytes_equal(entry(0)->client, BYTES_LITERAL("second")));
    cr_expect(bytes_equal(entry(0)->object, BYTES_LITERAL("a")));
    now_us += 60 * SECOND + 1;
    add(ACCESS_REASON_KEY, "a", "third");
    cr_expect_eq(logged.count, 3);
    cr_expect_eq(logged.denied[ACCESS_REASON_KEY], 4);
}

Test(access_log, another_reason_user_or_context_is_another_entry)
{
    struct access_log_entry e = {.reason = ACCESS_REASON_KEY,
                                 .object = BYTES_LITERAL("a"),
                                 .username = BYTES_LITERAL("u"),
                                 .client = BYTES_LITERAL("")};
    access_log_add(&logged, &e, 0, 20);
    e.reason = ACCESS_REASON_CHANNEL;
    access_log_add(&logged, &e, 0, 20);
    e.username = BYTES_LITERAL("v");
    access_log_add(&logged, &e, 0, 20);
    e.in_transaction = true;
    access_log_add(&logged, &e, 0, 20);
    cr_expect_eq(logged.count, 4);
}

Test(access_log, only_the_newest_ten_are_looked_at)
{
    char name[2] = "a";
    for (int i = 0; i < 11; i++, name[0]++)
        add(ACCESS_REASON_COMMAND, name, "");
    add(ACCESS_REASON_COMMAND, "b", "");
    cr_expect_eq(logged.count, 11);
    add(ACCESS_REASON_COMMAND, "a", "");
    cr_expect_eq(logged.count, 12);
}

Test(access_log, keeps_only_the_beginning_of_a_long_name)
{
    static char name[5000];
    memset(name, 'x', sizeof(name) - 1);
    add(ACCESS_REASON_KEY, name, "");
    name[4000] = 'y';
    add(ACCESS_REASON_KEY, name, "");
    cr_expect_eq(logged.count, 1);
    cr_expect_eq(entry(0)->object.len, 1024);
    name[1023] = 'y';
    add(ACCESS_REASON_KEY, name, "");
    cr_expect_eq(logged.count, 2);
}

Test(access_log, keeps_as_many_as_it_may)
{
    struct access_log_entry e = {
        .object = BYTES_LITERAL("a"), .username = BYTES_LITERAL("u"), .client = BYTES_LITERAL("")};
    for (int i = 0; i < 30; i++)
        access_log_add(&logged, &e, i * 61 * SECOND, 5);
    cr_expect_eq(logged.count, 5);
    cr_expect_eq(entry(0)->updated_us, 29 * 61 * SECOND);
    e.object = BYTES_LITERAL("b");
    access_log_add(&logged, &e, 0, 0);
    cr_expect_eq(logged.count, 0);
}
