/* SPDX-License-Identifier: BSD-3-Clause */
/* All groups: names, commands about members, what a start finds, expiry, deletion, many of them. */
#include "membership.h"

#include "base/mem.h"
#include <criterion/criterion.h>
#include <sched.h>
#include <stdio.h>

#define DAY_MS (24 * 3600 * 1000)

/* --- names and finding ------------------------------------------------------------------------ */

Test(groups, names_follow_the_rules_of_topics)
{
    struct group_rig b;
    struct group *g;

    group_rig_open(&b);
    cr_assert_eq(groups_get(b.groups, BYTES_LITERAL("a b"), &b.rig.why, &g), ERR_INVALID);
    cr_assert_not_null(strstr(rig_why(&b.rig), "not a name for a group: "));
    cr_assert_eq(groups_get(b.groups, BYTES_LITERAL(""), &b.rig.why, &g), ERR_INVALID);
    cr_assert_eq(groups_check_name("member", BYTES_LITERAL("a/b"), &b.rig.why), ERR_INVALID);
    cr_assert_not_null(strstr(rig_why(&b.rig), "not a name for a member: "));
    cr_assert_eq(groups_check_name("member", BYTES_LITERAL("a.b-c_1"), &b.rig.why), ERR_OK);
    cr_assert_eq(groups_count(b.groups), 0);
    group_rig_close(&b);
}

static void add_name(void *ctx, struct group *g)
{
    struct buf *names = ctx;

    buf_append_bytes(names, g->name);
    buf_append_char(names, ' ');
}

Test(groups, each_goes_by_name)
{
    struct group_rig b;
    struct buf names = {0};

    group_rig_open(&b);
    group_of(&b, "b");
    group_of(&b, "c");
    group_of(&b, "a");
    cr_assert_eq(group_of(&b, "b"), groups_find(b.groups, BYTES_LITERAL("b")));
    cr_assert_eq(groups_count(b.groups), 3);
    groups_each(b.groups, add_name, &names);
    cr_assert(bytes_equal(buf_bytes(&names), BYTES_LITERAL("a b c ")));
    buf_deinit(&names);
    group_rig_close(&b);
}

/* --- leaving, kicking ------------------------------------------------------------------------- */

static enum err find(struct group_rig *b, const char *group, const char *name)
{
    struct member *m;

    return groups_member(b->groups, bytes_of_string(group), bytes_of_string(name), &b->rig.why, &m);
}

Test(groups, a_member_is_found_while_it_is_one)
{
    struct group_rig b;

    group_rig_open(&b);
    cr_assert_eq(find(&b, "g", "c1"), ERR_NOT_FOUND);
    cr_assert_str_eq(rig_why(&b.rig), "there is no group 'g'");
    asks(&b, "c1", "t");
    cr_assert_eq(find(&b, "g", "c1"), ERR_OK);
    group_leave(member_named(&b, "c1"));
    cr_assert_eq(b.groups->stats.leaves, 1);
    cr_assert_eq(find(&b, "g", "c1"), ERR_NOT_MEMBER);
    cr_assert_str_eq(rig_why(&b.rig), "'c1' is not a member of group 'g'");
    check_groups(&b);
    group_rig_close(&b);
}

Test(groups, leaving_commits_nothing)
{
    struct group_rig b;
    struct connection k;

    group_rig_open(&b);
    connection_open(&k);
    rig_append_now(&b.rig, topic_partition(rig_topic(&b.rig, "t", 1), 0), "v", ACK_WRITTEN);
    cr_assert_str_eq(answer_to(&b, &k, "c1", NULL, "t"), "t/0=v");
    connection_receive(&k);
    group_leave(member_named(&b, "c1"));
    cr_assert_str_eq(committed(&b, "t"), "");
    cr_assert_str_eq(answer_to(&b, &k, "c2", NULL, "t"), "t/0=v", "and so it is delivered again");
    connection_close(&k);
    check_groups(&b);
    group_rig_close(&b);
}

Test(groups, the_next_command_of_a_kicked_member_is_refused_once)
{
    struct group_rig b;
    struct connection k;

    group_rig_open(&b);
    connection_open(&k);
    rig_topic(&b.rig, "t", 1);
    asks(&b, "c1", "t");
    group_kick(member_named(&b, "c1"));
    cr_assert_eq(b.groups->stats.kicks, 1);
    cr_assert_str_eq(owners(&b, "t"), "", "nobody has it");
    cr_assert_str_eq(answer_to(&b, &k, "c1", NULL, "t"), "-UNKNOWNMEMBER");
    cr_assert_str_eq(answer_to(&b, &k, "c1", NULL, "t"), "");
    cr_assert_str_eq(owners(&b, "t"), "c1");

    group_kick(member_named(&b, "c1"));
    cr_assert_eq(find(&b, "g", "c1"), ERR_NOT_MEMBER);
    cr_assert_str_eq(rig_why(&b.rig), "member 'c1' was removed from group 'g' by GROUP KICK");
    cr_assert_str_eq(answer_to(&b, &k, "c1", NULL, "t"), "", "that was the once");
    connection_close(&k);
    check_groups(&b);
    group_rig_close(&b);
}

Test(groups, a_member_that_is_kicked_while_it_waits_hears_of_it_then_and_not_again)
{
    struct group_rig b;
    struct connection k;
    struct asked a;
    const struct consume_options for_ever = {.wait_us = -1};

    group_rig_open(&b);
    connection_open(&k);
    rig_topic(&b.rig, "t", 1);
    ask(&b, &k, &a, "c1", &for_ever, "t");
    group_kick(member_named(&b, "c1"));
    cr_assert(a.done);
    cr_assert_str_eq(a.text, "-UNKNOWNMEMBER");
    asked_end(&a);
    cr_assert_str_eq(answer_to(&b, &k, "c1", NULL, "t"), "");
    connection_close(&k);
    check_groups(&b);
    group_rig_close(&b);
}

Test(groups, the_names_of_kicked_members_are_bounded)
{
    struct group_rig b;
    char name[16];

    group_rig_open(&b);
    for (int i = 0; i < 10001; i++) {
        snprintf(name, sizeof(name), "c%d", i);
        group_kick(asks(&b, name, "t"));
    }
    cr_assert_leq(dict_count(&group_of(&b, "g")->kicked), 10000);
    cr_assert_eq(find(&b, "g", "c10000"), ERR_NOT_MEMBER);
    cr_assert_not_null(strstr(rig_why(&b.rig), "GROUP KICK"), "the newest is there");
    group_rig_close(&b);
}

Test(groups, there_is_something_to_settle_when_a_waiting_members_target_is_free)
{
    struct group_rig b;
    struct connection k;
    struct asked a;
    const struct consume_options for_ever = {.wait_us = -1};

    group_rig_open(&b);
    connection_open(&k);
    rig_topic(&b.rig, "t", 1);
    asks(&b, "c1", "t");
    ask(&b, &k, &a, "c2", &for_ever, "t");
    groups_settle(b.groups);
    cr_assert_not(groups_pending(b.groups));
    cr_assert_str_eq(owners(&b, "t"), "c1");
    group_leave(member_named(&b, "c1"));
    cr_assert(groups_pending(b.groups));
    groups_settle(b.groups);
    cr_assert_not(groups_pending(b.groups));
    cr_assert_str_eq(owners(&b, "t"), "c2");
    asked_end(&a);
    connection_close(&k);
    group_rig_close(&b);
}

/* --- starts ----------------------------------------------------------------------------------- */

Test(groups, epochs_never_repeat_across_a_crash)
{
    struct group_rig b, after;
    int32_t epoch = 0;

    group_rig_open(&b);
    rig_topic(&b.rig, "t", 1);
    asks(&b, "c1", "t"); /* stays: nothing is written but the bound */
    for (int i = 0; i < 1200; i++) {
        group_leave(asks(&b, "c2", "t"));
        if (i % 100 == 0)
            group_rig_until_written(&b);
    }
    epoch = group_of(&b, "g")->epoch;
    group_rig_crash_copy(&b, &after);
    cr_assert_eq(group_of(&after, "g")->member_count, 0);
    asks(&after, "c1", "t");
    cr_assert_gt(group_of(&after, "g")->epoch, epoch);
    check_groups(&after);
    group_rig_close(&after);
    group_rig_close(&b);
}

Test(groups, a_start_finds_what_was_committed_and_members_come_by_themselves)
{
    struct group_rig b;

    group_rig_open(&b);
    rig_topic(&b.rig, "t", 3);
    asks(&b, "c1", "t");
    commit_start(group_rig_partition(&b, "g", "t", 2), 0);
    group_rig_restart(&b);
    cr_assert_eq(b.groups->member_count, 0);
    cr_assert_str_eq(committed(&b, "t"), "- - 0");
    cr_assert_eq(group_state(group_of(&b, "g")), GROUP_EMPTY);
    check_groups(&b);
    asks(&b, "c1", "t");
    cr_assert_str_eq(owners(&b, "t"), "c1 c1 c1");
    check_groups(&b);
    group_rig_close(&b);
}

/* Writes to the store as a server would that knew topics of another time. */
static void write_old_commit(struct group_rig *b, const char *group, const char *topic,
                             int32_t partition)
{
    const struct offset_value value = {.offset = 3, .commit_ms = b->rig.clock.wall_ms};
    const struct offset_change change = {.key = {.group = bytes_of_string(group),
                                                 .topic = bytes_of_string(topic),
                                                 .partition = partition},
                                         .offset = &value};

    offset_store_write_unheard(&b->groups->store, &change, 1, ACK_SYNCED);
    group_rig_until_written(b);
}

Test(groups, a_start_drops_what_is_committed_of_topics_that_are_gone)
{
    struct group_rig b;

    group_rig_open(&b);
    rig_topic(&b.rig, "t", 2);
    write_old_commit(&b, "g", "gone", 1);
    write_old_commit(&b, "g", "t", 1);
    write_old_commit(&b, "g", "t", 5);
    write_old_commit(&b, "only-gone", "gone", 0);
    group_rig_restart(&b);
    cr_assert_null(group_topic(group_of(&b, "g"), BYTES_LITERAL("gone")));
    cr_assert_str_eq(committed(&b, "t"), "- 3");
    cr_assert_null(groups_find(b.groups, BYTES_LITERAL("only-gone")));
    cr_assert_not_null(strstr(b.rig.traced, "Group 'g': 1 committed offset of topic 'gone', which "
                                            "is not there any more, is dropped"));
    check_groups(&b);
    group_rig_until_written(&b);
    rig_topic(&b.rig, "gone", 2);
    group_rig_restart(&b);
    cr_assert_null(group_topic(group_of(&b, "g"), BYTES_LITERAL("gone")), "it inherits nothing");
    group_rig_close(&b);
}

Test(groups, a_crash_that_takes_a_topics_deletion_back_gives_its_offsets_back_too)
{
    struct group_rig b, after;
    struct awaited deletion;
    struct topic *t;
    char gone[64];

    group_rig_open(&b);
    t = rig_topic(&b.rig, "t", 1);
    asks(&b, "c1", "t");
    commit_start(group_rig_partition(&b, "g", "t", 0), 0);
    group_rig_until_written(&b);
    snprintf(gone, sizeof(gone), "topics/.gone-%s", t->id);
    awaited_init(&deletion);
    catalog_delete_topic(b.rig.catalog, t, &deletion.change);
    cr_assert_null(group_topic(group_of(&b, "g"), BYTES_LITERAL("t"))->topic);
    catalog_commit(b.rig.catalog); /* a turn that has not heard of the disk */
    while (!rig_exists(&b.rig, gone))
        sched_yield();
    rig_crash_copy_renamed(&b.rig, gone, "topics/t.meta", &after.rig);
    group_rig_open_groups(&after);
    cr_assert_str_eq(committed(&after, "t"), "0");
    group_rig_close(&after);
    rig_until(&b.rig, &deletion.done);
    group_rig_close(&b);
}

Test(groups, the_offsets_of_a_deleted_topic_are_taken_back_when_it_is_gone_for_good)
{
    struct group_rig b;

    group_rig_open(&b);
    struct topic *t = rig_topic(&b.rig, "t", 1);
    asks(&b, "c1", "t");
    commit_start(group_rig_partition(&b, "g", "t", 0), 0);
    group_rig_until_written(&b);
    rig_delete(&b.rig, t);
    group_rig_until_written(&b);
    group_rig_restart(&b);
    cr_assert_null(strstr(b.rig.traced, "is not there any more"), "%s", b.rig.traced);
    rig_topic(&b.rig, "t", 1);
    asks(&b, "c1", "t");
    cr_assert_str_eq(committed(&b, "t"), "-");
    group_rig_close(&b);
}

Test(groups, a_later_topic_of_a_name_does_not_inherit_though_the_tombstones_were_lost)
{
    struct group_rig b;

    group_rig_open(&b);
    rig_topic(&b.rig, "t", 2);
    const struct offset_value value = {.offset = 3,
                                       .commit_ms = b.rig.clock.wall_ms,
                                       .topic_id = BYTES_LITERAL("AAAAAAAAAAAAAAAAAAAAAA")};
    const struct offset_change change = {
        .key = {.group = BYTES_LITERAL("g"), .topic = BYTES_LITERAL("t"), .partition = 1},
        .offset = &value};
    offset_store_write_unheard(&b.groups->store, &change, 1, ACK_SYNCED);
    asks(&b, "c1", "t");
    commit_start(group_rig_partition(&b, "g", "t", 0), 0);
    group_rig_until_written(&b);
    group_rig_restart(&b);
    cr_assert_str_eq(committed(&b, "t"), "0 -");
    cr_assert_not_null(
        strstr(b.rig.traced, "Group 'g': 1 committed offsets of an earlier topic 't' are dropped"));
    group_rig_until_written(&b);
    b.rig.traced[0] = '\0';
    group_rig_restart(&b);
    cr_assert_null(strstr(b.rig.traced, "earlier topic"), "it is dropped once");
    group_rig_close(&b);
}

Test(groups, what_is_committed_of_a_topic_that_cannot_be_read_is_kept)
{
    struct group_rig b;

    group_rig_open(&b);
    rig_topic(&b.rig, "t", 1);
    write_old_commit(&b, "g", "t", 0);
    groups_close(b.groups);
    rig_stop(&b.rig);
    rig_rename(&b.rig, "topics/t.meta", "t.meta.kept");
    rig_write_file(&b.rig, "topics/t.meta", "damaged");
    rig_start(&b.rig);
    cr_assert_eq(groups_open(&(struct groups_options){.catalog = b.rig.catalog,
                                                      .config = &b.rig.config,
                                                      .clock = &b.rig.clock,
                                                      .timers = &b.rig.timers,
                                                      .trace = &b.rig.trace,
                                                      .hash_key = &b.rig.key},
                             &b.groups),
                 ERR_OK);
    asks(&b, "c1", "t");
    check_groups(&b);
    groups_close(b.groups);
    rig_stop(&b.rig);
    rig_remove(&b.rig, "topics/t.meta");
    rig_rename(&b.rig, "t.meta.kept", "topics/t.meta");
    rig_start(&b.rig);
    cr_assert_eq(groups_open(&(struct groups_options){.catalog = b.rig.catalog,
                                                      .config = &b.rig.config,
                                                      .clock = &b.rig.clock,
                                                      .timers = &b.rig.timers,
                                                      .trace = &b.rig.trace,
                                                      .hash_key = &b.rig.key},
                             &b.groups),
                 ERR_OK);
    cr_assert_str_eq(committed(&b, "t"), "3");
    group_rig_close(&b);
}

/* --- expiry ----------------------------------------------------------------------------------- */

static void pass_days(struct group_rig *b, int days)
{
    for (int i = 0; i < days; i++)
        group_rig_pass_ms(b, DAY_MS);
}

Test(groups, offsets_of_a_group_without_members_expire)
{
    struct group_rig b;

    group_rig_open(&b);
    rig_topic(&b.rig, "t", 2);
    asks(&b, "c1", "t");
    commit_start(group_rig_partition(&b, "g", "t", 0), 0);
    group_leave(member_named(&b, "c1"));
    pass_days(&b, 6);
    cr_assert_not_null(groups_find(b.groups, BYTES_LITERAL("g")));
    pass_days(&b, 2);
    cr_assert_null(groups_find(b.groups, BYTES_LITERAL("g")));
    cr_assert_eq(b.groups->stats.expired_offsets, 1);
    cr_assert_not_null(strstr(b.rig.traced,
                              "Group 'g' is forgotten with 1 committed offset: it had no members "
                              "for 604800000 ms (offsets-retention-ms)"));
    group_rig_restart(&b);
    cr_assert_null(groups_find(b.groups, BYTES_LITERAL("g")), "for good");
    group_rig_close(&b);
}

Test(groups, a_seek_keeps_a_group_without_members_for_another_time)
{
    struct group_rig b;
    const struct commit seek = {.topic = BYTES_LITERAL("t"), .offset = 0};
    struct commit_result result;

    group_rig_open(&b);
    rig_topic(&b.rig, "t", 1);
    asks(&b, "c1", "t");
    group_leave(member_named(&b, "c1"));
    pass_days(&b, 5);
    cr_assert_eq(commit_seek(group_of(&b, "g"), &seek, 1, ACK_WRITTEN, &b.rig.why, &result),
                 ERR_OK);
    pass_days(&b, 6);
    cr_assert_str_eq(committed(&b, "t"), "0");
    pass_days(&b, 2);
    cr_assert_null(groups_find(b.groups, BYTES_LITERAL("g")));
    group_rig_close(&b);
}

Test(groups, offsets_of_a_group_with_members_never_expire)
{
    struct group_rig b;

    group_rig_open(&b);
    rig_topic(&b.rig, "t", 1);
    asks(&b, "c1", "t")->session_ms = GROUP_SESSION_MS_MAX;
    commit_start(group_rig_partition(&b, "g", "t", 0), 0);
    for (int i = 0; i < 30; i++) {
        group_rig_pass_ms(&b, DAY_MS / 2);
        member_seen(member_named(&b, "c1"));
    }
    cr_assert_str_eq(committed(&b, "t"), "0");
    group_rig_close(&b);
}

Test(groups, a_restart_does_not_prolong_what_is_left_of_a_groups_time)
{
    struct group_rig b;

    group_rig_open(&b);
    rig_topic(&b.rig, "t", 1);
    asks(&b, "c1", "t");
    commit_start(group_rig_partition(&b, "g", "t", 0), 0);
    group_leave(member_named(&b, "c1"));
    for (int i = 0; i < 6; i++) {
        pass_days(&b, 1);
        group_rig_restart(&b);
    }
    cr_assert_not_null(groups_find(b.groups, BYTES_LITERAL("g")));
    pass_days(&b, 2);
    cr_assert_null(groups_find(b.groups, BYTES_LITERAL("g")));
    group_rig_close(&b);
}

Test(groups, a_group_that_had_members_when_the_server_stopped_has_its_time_before_it)
{
    struct group_rig b, after;

    group_rig_open(&b);
    rig_topic(&b.rig, "t", 1);
    asks(&b, "c1", "t");
    commit_start(group_rig_partition(&b, "g", "t", 0), 0);
    group_leave(member_named(&b, "c1"));
    pass_days(&b, 5);
    asks(&b, "c1", "t")->session_ms = GROUP_SESSION_MS_MAX;
    for (int i = 0; i < 20; i++) {
        group_rig_pass_ms(&b, DAY_MS / 2);
        member_seen(member_named(&b, "c1"));
    }
    group_rig_until_written(&b);
    group_rig_crash_copy(&b, &after); /* with a commit of 15 days ago */
    for (int i = 0; i < 6; i++) {
        pass_days(&after, 1);
        group_rig_restart(&after);
    }
    cr_assert_str_eq(committed(&after, "t"), "0");
    pass_days(&after, 2);
    cr_assert_null(groups_find(after.groups, BYTES_LITERAL("g")));
    group_rig_close(&after);
    group_rig_close(&b);
}

Test(groups, the_directive_holds_from_when_it_is_set)
{
    struct group_rig b;

    group_rig_open(&b);
    rig_topic(&b.rig, "t", 1);
    asks(&b, "c1", "t");
    commit_start(group_rig_partition(&b, "g", "t", 0), 0);
    group_leave(member_named(&b, "c1"));
    b.rig.config.offsets_retention_ms = 1000;
    groups_configured(b.groups);
    group_rig_pass_ms(&b, 600);
    cr_assert_not_null(groups_find(b.groups, BYTES_LITERAL("g")));
    group_rig_pass_ms(&b, 600);
    group_rig_pass_ms(&b, 600);
    cr_assert_null(groups_find(b.groups, BYTES_LITERAL("g")));
    group_rig_close(&b);
}

/* --- deletion --------------------------------------------------------------------------------- */

Test(groups, deletion_waits_for_members_to_leave_and_leaves_nothing)
{
    struct group_rig b;
    struct topic_partition *where;
    struct appended appended;
    struct group *g;

    group_rig_open(&b);
    rig_topic(&b.rig, "t", 2);
    asks(&b, "c1", "t");
    commit_start(group_rig_partition(&b, "g", "t", 0), 0);
    commit_start(group_rig_partition(&b, "g", "t", 1), 0);
    g = group_of(&b, "g");
    cr_assert_eq(groups_delete(b.groups, g, ACK_SYNCED, &b.rig.why, &where, &appended),
                 ERR_NOT_EMPTY);
    cr_assert_str_eq(rig_why(&b.rig),
                     "group 'g' has 1 member; it can be deleted when they have left");
    group_leave(member_named(&b, "c1"));
    cr_assert_eq(groups_delete(b.groups, g, ACK_SYNCED, &b.rig.why, &where, &appended), ERR_OK);
    cr_assert_not_null(where);
    cr_assert_null(groups_find(b.groups, BYTES_LITERAL("g")));
    group_rig_restart(&b);
    cr_assert_null(groups_find(b.groups, BYTES_LITERAL("g")));
    group_rig_close(&b);
}

Test(groups, deletion_of_one_that_left_no_trace_has_nothing_to_wait_for)
{
    struct group_rig b;
    struct topic_partition *where;
    struct appended appended;

    group_rig_open(&b);
    cr_assert_eq(
        groups_delete(b.groups, group_of(&b, "g"), ACK_SYNCED, &b.rig.why, &where, &appended),
        ERR_OK);
    cr_assert_null(where);
    group_rig_close(&b);
}

/* --- many ------------------------------------------------------------------------------------- */

Test(groups, a_thousand_groups_of_ten_members_each_share_out_their_partitions)
{
    struct group_rig b;
    char group[16], member[16];

    group_rig_open(&b);
    rig_topic(&b.rig, "t", 10);
    b.rig.trace.level = TRACE_WARNING;
    for (int i = 0; i < 1000; i++) {
        snprintf(group, sizeof(group), "g%d", i);
        for (int j = 0; j < 20; j++) {
            snprintf(member, sizeof(member), "c%d", j % 10);
            asks_in(&b, group, member, "t");
        }
    }
    cr_assert_eq(b.groups->member_count, 10000);
    cr_assert_eq(b.groups->stats.rebalances, 10000, "one for each that joined");
    check_groups(&b);
    for (int i = 0; i < 1000; i++) {
        snprintf(group, sizeof(group), "g%d", i);
        cr_assert_eq(group_of(&b, group)->unsettled, 0);
    }
    group_rig_close(&b);
}

/* --- at random -------------------------------------------------------------------------------- */

#define RANDOM_TOPICS 4
#define RANDOM_MEMBERS 8

static void pick_topics(struct random *r, char *text)
{
    text[0] = '\0';
    for (int i = 0; i < RANDOM_TOPICS; i++) {
        if (random_below(r, 2) == 0)
            continue;
        if (text[0] != '\0')
            strcat(text, " ");
        sprintf(text + strlen(text), "t%d", i);
    }
    if (text[0] == '\0')
        strcat(text, "t0");
}

static void change_topics(struct group_rig *b, struct random *r)
{
    char name[16];
    struct topic *t;
    struct awaited a;

    snprintf(name, sizeof(name), "t%d", (int)random_below(r, RANDOM_TOPICS));
    t = catalog_find(b->rig.catalog, bytes_of_string(name));
    if (t == NULL) {
        rig_topic(&b->rig, name, (int)random_below(r, 5) + 1);
    } else if (random_below(r, 2) == 0) {
        rig_delete(&b->rig, t);
    } else {
        awaited_init(&a);
        cr_assert_eq(catalog_grow_topic(b->rig.catalog, t, t->partition_count + 1, true, &a.change,
                                        &b->rig.why),
                     ERR_OK);
        rig_until(&b->rig, &a.done);
    }
}

/* A commit of whoever, of whatever: it counts when the partition is the member's and it does not go back,
 * and else changes nothing. */
static void commit_something(struct group_rig *b, struct random *r, struct member *m)
{
    struct list *first = m->group->topics.next;
    struct commit c = {0};
    struct commit_result result;
    int64_t before;
    bool good;
    enum err err;

    for (uint64_t i = random_below(r, RANDOM_TOPICS); i > 0 && first->next != &m->group->topics;
         i--)
        first = first->next;
    if (first == &m->group->topics)
        return;
    c.topic = CONTAINER_OF(first, struct group_topic, in_group)->name;
    c.number = (int64_t)random_below(r, 4);
    c.gp = group_partition(CONTAINER_OF(first, struct group_topic, in_group), c.number);
    if (c.gp == NULL || group_partition_log(c.gp) == NULL)
        return;
    rig_append(group_partition_log(c.gp), NULL, "v", ACK_WRITTEN);
    rig_turn(&b->rig);
    c.offset = (int64_t)random_below(r, 4);
    before = c.gp->committed;
    good = c.gp->owner == m && c.offset >= before &&
           c.offset <= partition_next_offset(group_partition_log(c.gp)->log);
    err = commit_offsets(m, &c, 1, ACK_WRITTEN, &b->rig.why, &result);
    cr_assert_eq(err == ERR_OK, good);
    cr_assert_eq(c.gp->committed, good ? c.offset : before);
    buf_clear(&b->rig.why);
}

static void change_something(struct group_rig *b, struct random *r,
                             char subscriptions[RANDOM_MEMBERS][64])
{
    int i = (int)random_below(r, RANDOM_MEMBERS);
    char name[16];
    struct member *m;

    snprintf(name, sizeof(name), "c%d", i);
    m = member_named(b, name);
    switch (random_below(r, 20)) {
    case 0:
        if (m != NULL)
            group_leave(m);
        break;
    case 1:
        if (m != NULL)
            group_kick(m);
        break;
    case 2:
        group_rig_pass_ms(b, 20000);
        break;
    case 3:
        change_topics(b, r);
        break;
    case 4:
    case 5:
    case 6:
        if (m != NULL)
            commit_something(b, r, m);
        break;
    case 7:
    case 8:
        pick_topics(r, subscriptions[i]);
        /* fall through */
    default:
        asks(b, name, subscriptions[i]);
    }
}

/* Everyone asks until nothing moves: then everyone has its target, evenly. */
static void quiesce(struct group_rig *b, char subscriptions[RANDOM_MEMBERS][64])
{
    char name[16];

    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < RANDOM_MEMBERS; i++) {
            snprintf(name, sizeof(name), "c%d", i);
            if (member_named(b, name) != NULL)
                asks(b, name, subscriptions[i]);
        }
    }
    cr_assert_eq(group_of(b, "g")->unsettled, 0);
    LIST_EACH (it, &group_of(b, "g")->members) {
        const struct member *m = CONTAINER_OF(it, struct member, in_group);

        cr_assert_eq(m->epoch, m->group->epoch);
    }
    LIST_EACH (it, &group_of(b, "g")->topics) {
        const struct group_topic *gt = CONTAINER_OF(it, struct group_topic, in_group);

        for (int32_t i = 0; i < gt->partition_count && gt->topic != NULL; i++)
            cr_assert_eq(gt->partitions[i]->owner == NULL, gt->subscriptions == 0);
    }
}

static void run_seed(uint64_t seed)
{
    struct group_rig b;
    struct random r;
    char subscriptions[RANDOM_MEMBERS][64];
    int32_t epoch = 0;

    random_seed(&r, seed);
    group_rig_open(&b);
    b.rig.trace.level = TRACE_WARNING;
    for (int i = 0; i < RANDOM_MEMBERS; i++)
        pick_topics(&r, subscriptions[i]);
    group_of(&b, "g")->assignor = (enum assignor)(seed % 3);
    for (int step = 0; step < 300; step++) {
        change_something(&b, &r, subscriptions);
        check_groups(&b);
        cr_assert_geq(group_of(&b, "g")->epoch, epoch, "seed %d step %d", (int)seed, step);
        epoch = group_of(&b, "g")->epoch;
        if (step % 50 == 49)
            quiesce(&b, subscriptions);
        if (step % 130 == 129) {
            group_rig_restart(&b);
            check_groups(&b);
            cr_assert_geq(group_of(&b, "g")->epoch, epoch, "across a restart");
        }
    }
    group_rig_close(&b);
}

Test(groups, whatever_comes_no_invariant_breaks)
{
    for (uint64_t seed = 1; seed <= 6; seed++)
        run_seed(seed);
}
