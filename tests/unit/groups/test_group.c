/* SPDX-License-Identifier: BSD-3-Clause */
/* Who is a member, and who has what. */
#include "membership.h"

#include <criterion/criterion.h>
#include <stdio.h>

/* --- handing over ----------------------------------------------------------------------------- */

Test(group, the_first_member_takes_everything_at_once)
{
    struct group_rig b;
    struct member *m;

    group_rig_open(&b);
    rig_topic(&b.rig, "t", 3);
    cr_assert_eq(group_state(group_of(&b, "g")), GROUP_EMPTY);
    m = asks(&b, "c1", "t");
    cr_assert_str_eq(owners(&b, "t"), "c1 c1 c1");
    cr_assert_eq(m->epoch, 1);
    cr_assert_eq(group_of(&b, "g")->epoch, 1);
    cr_assert_eq(group_state(group_of(&b, "g")), GROUP_STABLE);
    cr_assert_str_eq(last_line(&b),
                     "Group 'g' epoch 1: member 'c1' joined: 1 member, 3 partitions, 3 to move");
    check_groups(&b);
    group_rig_close(&b);
}

Test(group, a_partition_is_taken_only_after_its_owner_gave_it_up)
{
    struct group_rig b;
    struct member *c2;

    group_rig_open(&b);
    rig_topic(&b.rig, "t", 4);
    asks(&b, "c1", "t");
    c2 = asks(&b, "c2", "t");
    cr_assert_str_eq(owners(&b, "t"), "c1 c1 c1 c1");
    cr_assert_eq(c2->target_count, 2);
    cr_assert_eq(c2->epoch, 0);
    cr_assert_eq(group_state(group_of(&b, "g")), GROUP_RECONCILING);
    check_groups(&b);

    asks(&b, "c1", "t");
    cr_assert_eq(member_named(&b, "c1")->owned_count, 2);
    cr_assert_eq(member_named(&b, "c1")->epoch, 2);
    cr_assert_eq(c2->owned_count, 0, "c2 has not asked yet");
    check_groups(&b);

    asks(&b, "c2", "t");
    cr_assert_str_eq(owners(&b, "t"), targets(&b, "t"));
    cr_assert_eq(c2->owned_count, 2);
    cr_assert_eq(group_state(group_of(&b, "g")), GROUP_STABLE);
    check_groups(&b);
    group_rig_close(&b);
}

Test(group, members_beyond_the_partitions_wait_idle_and_step_in)
{
    struct group_rig b;

    group_rig_open(&b);
    rig_topic(&b.rig, "t", 1);
    asks(&b, "c1", "t");
    asks(&b, "c2", "t");
    asks(&b, "c1", "t");
    cr_assert_str_eq(owners(&b, "t"), "c1");
    cr_assert_eq(member_named(&b, "c2")->epoch, 2, "it has all that it is to have");
    group_leave(member_named(&b, "c1"));
    cr_assert_str_eq(owners(&b, "t"), "-");
    asks(&b, "c2", "t");
    cr_assert_str_eq(owners(&b, "t"), "c2");
    check_groups(&b);
    group_rig_close(&b);
}

Test(group, what_changes_hands_begins_anew_at_what_is_committed)
{
    struct group_rig b;
    struct group_partition *gp;

    group_rig_open(&b);
    rig_topic(&b.rig, "t", 1);
    asks(&b, "c1", "t");
    asks(&b, "c2", "t");
    gp = group_rig_partition(&b, "g", "t", 0);
    gp->state = POSITION_GOOD;
    gp->position = 7;
    list_push_back(&gp->owner->handed, &gp->handed);
    group_leave(gp->owner);
    cr_assert_eq(gp->state, POSITION_UNKNOWN);
    cr_assert(list_empty(&gp->handed));
    asks(&b, "c2", "t");
    cr_assert_eq(gp->state, POSITION_UNKNOWN);
    check_groups(&b);
    group_rig_close(&b);
}

/* --- parked members --------------------------------------------------------------------------- */

static const struct consume_options for_ever = {.wait_us = -1};

Test(group, a_parked_owner_gives_up_and_a_parked_member_takes_in_the_same_turn)
{
    struct group_rig b;
    struct connection k1, k2;
    struct asked a1, a2;

    group_rig_open(&b);
    connection_open(&k1);
    connection_open(&k2);
    rig_topic(&b.rig, "t", 4);
    ask(&b, &k1, &a1, "c1", &for_ever, "t");
    ask(&b, &k2, &a2, "c2", &for_ever, "t");
    cr_assert_not(a1.done || a2.done);
    cr_assert_str_eq(owners(&b, "t"), "c1 c1 c1 c1");
    groups_settle(b.groups);
    cr_assert_str_eq(owners(&b, "t"), targets(&b, "t"));
    cr_assert_eq(group_state(group_of(&b, "g")), GROUP_STABLE);
    cr_assert_not(a1.done || a2.done, "a change of assignment is no answer");
    check_groups(&b);
    asked_end(&a1);
    cr_assert_null(member_named(&b, "c1"), "its connection closed while it waited");
    groups_settle(b.groups);
    cr_assert_str_eq(owners(&b, "t"), "c2 c2 c2 c2");
    asked_end(&a2);
    connection_close(&k1);
    connection_close(&k2);
    check_groups(&b);
    group_rig_close(&b);
}

Test(group, a_turn_settles_chains_of_parked_members)
{
    struct group_rig b;
    struct connection k[8];
    struct asked a[8];
    char name[16];

    group_rig_open(&b);
    rig_topic(&b.rig, "t", 16);
    for (int i = 0; i < 8; i++) {
        connection_open(&k[i]);
        snprintf(name, sizeof(name), "c%d", i);
        ask(&b, &k[i], &a[i], name, &for_ever, "t");
    }
    groups_settle(b.groups);
    for (int i = 0; i < 8; i++) {
        snprintf(name, sizeof(name), "c%d", i);
        cr_assert_eq(member_named(&b, name)->owned_count, 2);
    }
    cr_assert_eq(group_of(&b, "g")->unsettled, 0);
    check_groups(&b);
    for (int i = 0; i < 8; i++) {
        asked_end(&a[i]);
        connection_close(&k[i]);
    }
    group_rig_close(&b);
}

/* --- sessions --------------------------------------------------------------------------------- */

Test(group, a_member_goes_when_its_session_runs_out_and_its_partitions_are_free)
{
    struct group_rig b;
    int32_t epoch;

    group_rig_open(&b);
    rig_topic(&b.rig, "t", 2);
    asks(&b, "c1", "t");
    group_rig_pass_ms(&b, 30000);
    asks(&b, "c2", "t");
    epoch = group_of(&b, "g")->epoch;
    group_rig_pass_ms(&b, 14000);
    cr_assert_not_null(member_named(&b, "c1"), "44 s");
    group_rig_pass_ms(&b, 2000);
    cr_assert_null(member_named(&b, "c1"), "46 s");
    cr_assert_not_null(member_named(&b, "c2"));
    cr_assert_str_eq(last_line(&b),
                     "Group 'g' epoch 3: member 'c1' is gone: its session of 45000 ms ran "
                     "out: 1 member, 2 partitions, 2 to move");
    cr_assert_eq(group_of(&b, "g")->epoch, epoch + 1);
    cr_assert_eq(b.groups->stats.expired_sessions, 1);
    asks(&b, "c2", "t");
    cr_assert_str_eq(owners(&b, "t"), "c2 c2");
    check_groups(&b);
    group_rig_close(&b);
}

Test(group, a_command_of_a_member_begins_its_session_anew)
{
    struct group_rig b;

    group_rig_open(&b);
    rig_topic(&b.rig, "t", 1);
    asks(&b, "c1", "t");
    for (int i = 0; i < 5; i++) {
        group_rig_pass_ms(&b, 40000);
        cr_assert_not_null(member_named(&b, "c1"));
        member_seen(member_named(&b, "c1"));
    }
    group_rig_pass_ms(&b, 46000);
    cr_assert_null(member_named(&b, "c1"));
    group_rig_close(&b);
}

Test(group, a_blocked_member_is_alive_however_long_it_waits)
{
    struct group_rig b;
    struct connection k;
    struct asked a;

    group_rig_open(&b);
    connection_open(&k);
    rig_topic(&b.rig, "t", 1);
    ask(&b, &k, &a, "c1", &for_ever, "t");
    for (int i = 0; i < 10; i++)
        group_rig_pass_ms(&b, 44999);
    cr_assert_not_null(member_named(&b, "c1"));
    rig_append_now(&b.rig, topic_partition(catalog_find(b.rig.catalog, BYTES_LITERAL("t")), 0), "v",
                   ACK_WRITTEN);
    rig_until(&b.rig, &a.done);
    group_rig_pass_ms(&b, 44000);
    cr_assert_not_null(member_named(&b, "c1"), "its session runs from its last reply");
    group_rig_pass_ms(&b, 2000);
    cr_assert_null(member_named(&b, "c1"));
    asked_end(&a);
    connection_close(&k);
    group_rig_close(&b);
}

Test(group, a_member_that_went_joins_anew_with_nothing_handed_to_it)
{
    struct group_rig b;

    group_rig_open(&b);
    rig_topic(&b.rig, "t", 2);
    asks(&b, "c1", "t");
    group_rig_pass_ms(&b, 46000);
    asks(&b, "c1", "t");
    cr_assert_eq(b.groups->stats.joins, 2);
    cr_assert_str_eq(owners(&b, "t"), "c1 c1");
    cr_assert(list_empty(&member_named(&b, "c1")->handed));
    check_groups(&b);
    group_rig_close(&b);
}

/* --- subscriptions ---------------------------------------------------------------------------- */

Test(group, the_latest_topics_hold_and_the_same_ones_in_another_order_are_no_change)
{
    struct group_rig b;
    int32_t epoch;

    group_rig_open(&b);
    rig_topic(&b.rig, "a", 1);
    rig_topic(&b.rig, "b", 2);
    asks(&b, "c1", "b a b");
    cr_assert_str_eq(owners(&b, "a"), "c1");
    cr_assert_str_eq(owners(&b, "b"), "c1 c1");
    epoch = group_of(&b, "g")->epoch;
    asks(&b, "c1", "a b");
    asks(&b, "c1", "b a");
    cr_assert_eq(group_of(&b, "g")->epoch, epoch);
    asks(&b, "c1", "b");
    cr_assert_eq(group_of(&b, "g")->epoch, epoch + 1);
    cr_assert_null(group_topic(group_of(&b, "g"), BYTES_LITERAL("a")), "nobody needs it any more");
    cr_assert_str_eq(owners(&b, "b"), "c1 c1");
    check_groups(&b);
    group_rig_close(&b);
}

Test(group, each_member_gets_partitions_of_its_own_topics_only)
{
    struct group_rig b;

    group_rig_open(&b);
    rig_topic(&b.rig, "a", 4);
    rig_topic(&b.rig, "b", 4);
    asks(&b, "c1", "a");
    asks(&b, "c2", "b");
    asks(&b, "c3", "a b");
    for (int i = 0; i < 2; i++) {
        asks(&b, "c1", "a");
        asks(&b, "c2", "b");
        asks(&b, "c3", "a b");
    }
    cr_assert_null(strstr(owners(&b, "a"), "c2"));
    cr_assert_null(strstr(owners(&b, "b"), "c1"));
    cr_assert_geq(member_named(&b, "c3")->owned_count, 2);
    cr_assert_eq(group_of(&b, "g")->unsettled, 0);
    check_groups(&b);
    group_rig_close(&b);
}

Test(group, an_owner_that_dropped_a_topic_has_it_until_it_asks_and_its_commits_stay)
{
    struct group_rig b;
    struct member *m;

    group_rig_open(&b);
    rig_topic(&b.rig, "a", 1);
    rig_topic(&b.rig, "b", 1);
    m = asks(&b, "c1", "a b");
    commit_start(group_rig_partition(&b, "g", "a", 0), 0);
    group_subscribe(m, (struct bytes[]){BYTES_LITERAL("b")}, 1);
    cr_assert_str_eq(owners(&b, "a"), "c1");
    cr_assert_str_eq(targets(&b, "a"), "-");
    check_groups(&b);
    asks(&b, "c1", "b");
    cr_assert_str_eq(owners(&b, "a"), "-");
    cr_assert_str_eq(committed(&b, "a"), "0");
    check_groups(&b);
    group_rig_close(&b);
}

/* --- NOTIFY ----------------------------------------------------------------------------------- */

Test(group, who_said_notify_is_told_once_a_turn_when_its_target_changed)
{
    struct group_rig b;
    struct connection k;
    const struct consume_options notify = {.notify = true};

    group_rig_open(&b);
    connection_open(&k);
    rig_topic(&b.rig, "t", 2);
    answer_to(&b, &k, "c1", &notify, "t");
    groups_settle(b.groups);
    cr_assert_eq(k.told, 1, "of what it joined to");
    asks(&b, "c2", "t");
    group_leave(member_named(&b, "c2"));
    asks(&b, "c3", "t");
    groups_settle(b.groups);
    cr_assert_eq(k.told, 2);
    asks(&b, "c4", "t"); /* there is nothing left for it */
    groups_settle(b.groups);
    cr_assert_eq(k.told, 2, "nothing changed for c1");
    answer_to(&b, &k, "c1", NULL, "t");
    group_leave(member_named(&b, "c3"));
    group_leave(member_named(&b, "c4"));
    groups_settle(b.groups);
    cr_assert_eq(k.told, 2, "the latest call's options hold");
    connection_close(&k);
    group_rig_close(&b);
}

/* --- connections ------------------------------------------------------------------------------ */

Test(group, what_was_handed_over_a_connection_goes_back_when_it_closes)
{
    struct group_rig b;
    struct connection k;
    struct topic *t;
    struct group_partition *gp;

    group_rig_open(&b);
    connection_open(&k);
    t = rig_topic(&b.rig, "t", 1);
    rig_append_now(&b.rig, topic_partition(t, 0), "v", ACK_WRITTEN);
    cr_assert_str_eq(answer_to(&b, &k, "c1", NULL, "t"), "t/0=v");
    gp = group_rig_partition(&b, "g", "t", 0);
    cr_assert_eq(gp->position, 1);
    connection_receive(&k);
    connection_close(&k);
    cr_assert_eq(gp->state, POSITION_UNKNOWN);
    cr_assert_not_null(gp->owner, "it stays a member until its session runs out");
    cr_assert_null(gp->owner->client);
    check_groups(&b);
    group_rig_close(&b);
}

/* --- topics ----------------------------------------------------------------------------------- */

Test(group, a_topic_that_comes_later_is_shared_out_and_begins_at_0)
{
    struct group_rig b;

    group_rig_open(&b);
    asks(&b, "c1", "later");
    cr_assert_str_eq(owners(&b, "later"), "");
    check_groups(&b);
    rig_topic(&b.rig, "later", 2);
    cr_assert_str_eq(targets(&b, "later"), "c1 c1");
    cr_assert_str_eq(committed(&b, "later"), "0 0");
    cr_assert_not_null(strstr(b.rig.traced, "Group 'g' epoch 2: topic 'later' was created: 1 "
                                            "member, 2 partitions, 2 to move"));
    check_groups(&b);
    group_rig_close(&b);
}

Test(group, a_topic_is_not_seen_before_it_is_durable)
{
    struct group_rig b;
    struct awaited a;
    struct topic *t;

    group_rig_open(&b);
    rig_fault(&b.rig, RIG_MKDIR_HANGS);
    awaited_init(&a);
    cr_assert_eq(catalog_create_topic(b.rig.catalog, BYTES_LITERAL("t"), 1, NULL, 0, &a.change,
                                      &b.rig.why, &t),
                 ERR_OK);
    asks(&b, "c1", "t");
    cr_assert_str_eq(owners(&b, "t"), "");
    rig_fault(&b.rig, RIG_NO_FAULT);
    rig_until(&b.rig, &a.done);
    asks(&b, "c1", "t");
    cr_assert_str_eq(owners(&b, "t"), "c1");
    check_groups(&b);
    group_rig_close(&b);
}

static void grow(struct group_rig *b, const char *name, int partitions)
{
    struct topic *t = catalog_find(b->rig.catalog, bytes_of_string(name));
    struct awaited a;

    awaited_init(&a);
    cr_assert_eq(catalog_grow_topic(b->rig.catalog, t, partitions, false, &a.change, &b->rig.why),
                 ERR_OK);
    rig_until(&b->rig, &a.done);
    cr_assert_eq(a.err, ERR_OK);
}

Test(group, new_partitions_of_a_topic_begin_at_0_for_every_group_that_has_it)
{
    struct group_rig b;
    struct commit seek = {.topic = BYTES_LITERAL("t")};
    struct commit_result result;

    group_rig_open(&b);
    rig_topic(&b.rig, "t", 1);
    asks(&b, "c1", "t");
    cr_assert_eq(commit_seek(group_of(&b, "quiet"), &seek, 1, ACK_WRITTEN, &b.rig.why, &result),
                 ERR_OK);
    grow(&b, "t", 3);
    cr_assert_str_eq(targets(&b, "t"), "c1 c1 c1");
    cr_assert_str_eq(committed(&b, "t"), "- 0 0");
    cr_assert_eq(group_rig_partition(&b, "quiet", "t", 2)->committed, 0);
    cr_assert_eq(group_of(&b, "quiet")->epoch, 0, "it has nobody to share it out to");
    cr_assert_not_null(strstr(b.rig.traced, "epoch 2: topic 't' has grown to 3 partitions: 1 "
                                            "member, 3 partitions, 2 to move"));
    check_groups(&b);
    group_rig_close(&b);
}

Test(group, a_deleted_topic_takes_its_partitions_and_commits_with_it)
{
    struct group_rig b;

    group_rig_open(&b);
    rig_topic(&b.rig, "t", 2);
    rig_topic(&b.rig, "u", 1);
    asks(&b, "c1", "t u");
    commit_start(group_rig_partition(&b, "g", "t", 1), 0);
    rig_delete(&b.rig, catalog_find(b.rig.catalog, BYTES_LITERAL("t")));
    cr_assert_str_eq(owners(&b, "t"), "");
    cr_assert_str_eq(owners(&b, "u"), "c1");
    cr_assert_not_null(strstr(b.rig.traced, "epoch 2: topic 't' was deleted: 1 member, 1 "
                                            "partition, 0 to move"));
    check_groups(&b);
    rig_topic(&b.rig, "t", 2);
    cr_assert_str_eq(targets(&b, "t"), "c1 c1");
    cr_assert_str_eq(committed(&b, "t"), "0 0", "the group waited for it");
    check_groups(&b);
    group_rig_close(&b);
}

Test(group, a_topic_made_again_inherits_nothing_of_a_group_that_has_left)
{
    struct group_rig b;
    struct member *m;

    group_rig_open(&b);
    rig_topic(&b.rig, "t", 1);
    m = asks(&b, "c1", "t");
    commit_start(group_rig_partition(&b, "g", "t", 0), 0);
    group_leave(m);
    cr_assert_str_eq(committed(&b, "t"), "0");
    rig_delete(&b.rig, catalog_find(b.rig.catalog, BYTES_LITERAL("t")));
    cr_assert_null(group_topic(group_of(&b, "g"), BYTES_LITERAL("t")));
    rig_topic(&b.rig, "t", 1);
    cr_assert_null(group_topic(group_of(&b, "g"), BYTES_LITERAL("t")));
    group_rig_until_written(&b);
    group_rig_restart(&b);
    cr_assert_null(group_topic(group_of(&b, "g"), BYTES_LITERAL("t")));
    group_rig_close(&b);
}

Test(group, a_parked_member_goes_on_with_the_rest_when_a_topic_is_deleted)
{
    struct group_rig b;
    struct connection k;
    struct asked a;
    struct topic *u;

    group_rig_open(&b);
    connection_open(&k);
    rig_topic(&b.rig, "t", 1);
    u = rig_topic(&b.rig, "u", 1);
    ask(&b, &k, &a, "c1", &for_ever, "t u");
    rig_delete(&b.rig, catalog_find(b.rig.catalog, BYTES_LITERAL("t")));
    group_rig_turn(&b);
    cr_assert_not(a.done);
    rig_append_now(&b.rig, topic_partition(u, 0), "v", ACK_WRITTEN);
    rig_until(&b.rig, &a.done);
    cr_assert_str_eq(a.text, "u/0=v");
    asked_end(&a);
    connection_close(&k);
    check_groups(&b);
    group_rig_close(&b);
}
