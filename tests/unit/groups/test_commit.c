/* SPDX-License-Identifier: BSD-3-Clause */
/* Commits: what is taken, what is refused, and that it is all or nothing. */
#include "membership.h"

#include "base/mem.h"
#include "groups/group_private.h"
#include <criterion/criterion.h>

/* Group "g" with member "c1", which owns topic "t" of two partitions with five records each. */
struct fixture {
    struct group_rig b;
    struct topic *t;
    struct member *c1;
};

static void open_fixture(struct fixture *f)
{
    group_rig_open(&f->b);
    f->t = rig_topic(&f->b.rig, "t", 2);
    for (int i = 0; i < 10; i++)
        rig_append(topic_partition(f->t, i % 2), NULL, "v", ACK_WRITTEN);
    rig_turn(&f->b.rig);
    f->c1 = asks(&f->b, "c1", "t");
}

static void close_fixture(struct fixture *f)
{
    check_groups(&f->b);
    group_rig_close(&f->b);
}

static struct commit commit_of(struct fixture *f, int64_t number, int64_t offset)
{
    const struct group_topic *gt = group_topic(group_of(&f->b, "g"), BYTES_LITERAL("t"));

    return (struct commit){.topic = BYTES_LITERAL("t"),
                           .number = number,
                           .gp = gt == NULL ? NULL : group_partition(gt, number),
                           .offset = offset,
                           .metadata = BYTES_NULL};
}

static enum err commit(struct fixture *f, struct member *m, const struct commit *commits,
                       size_t count)
{
    struct commit_result result;
    enum err err = commit_offsets(m, commits, count, ACK_WRITTEN, &f->b.rig.why, &result);

    if (err == ERR_OK)
        cr_assert_not_null(result.where);
    return err;
}

static enum err commit_one(struct fixture *f, int64_t number, int64_t offset)
{
    struct commit c = commit_of(f, number, offset);

    return commit(f, f->c1, &c, 1);
}

/* --- triples ---------------------------------------------------------------------------------- */

Test(commit, takes_any_offset_between_what_is_committed_and_the_end)
{
    struct fixture f;

    open_fixture(&f);
    cr_assert_str_eq(committed(&f.b, "t"), "- -");
    cr_assert_eq(commit_one(&f, 0, 0), ERR_OK);
    cr_assert_eq(commit_one(&f, 0, 3), ERR_OK);
    cr_assert_eq(commit_one(&f, 0, 3), ERR_OK, "the same again");
    cr_assert_eq(commit_one(&f, 1, 5), ERR_OK, "the end");
    cr_assert_str_eq(committed(&f.b, "t"), "3 5");
    cr_assert_eq(f.b.groups->stats.commits, 4);
    close_fixture(&f);
}

Test(commit, counts_what_the_same_turn_has_appended)
{
    struct fixture f;

    open_fixture(&f);
    rig_append(topic_partition(f.t, 0), NULL, "v", ACK_WRITTEN);
    cr_assert_eq(commit_one(&f, 0, 6), ERR_OK);
    cr_assert_eq(commit_one(&f, 0, 7), ERR_RANGE);
    close_fixture(&f);
}

Test(commit, past_the_end_names_the_end)
{
    struct fixture f;

    open_fixture(&f);
    cr_assert_eq(commit_one(&f, 1, 6), ERR_RANGE);
    cr_assert_str_eq(rig_why(&f.b.rig), "offset 6 cannot be committed for partition 1 of topic "
                                        "'t': the log ends before offset 5");
    cr_assert_eq(commit_one(&f, 1, -1), ERR_RANGE);
    cr_assert_str_eq(committed(&f.b, "t"), "- -");
    close_fixture(&f);
}

Test(commit, below_what_is_committed_points_to_seek)
{
    struct fixture f;

    open_fixture(&f);
    cr_assert_eq(commit_one(&f, 0, 4), ERR_OK);
    cr_assert_eq(commit_one(&f, 0, 3), ERR_INVALID);
    cr_assert_str_eq(rig_why(&f.b.rig),
                     "offset 3 of partition 0 of topic 't' is below 4, which group 'g' has "
                     "committed; GROUP SEEK moves a group back");
    cr_assert_str_eq(committed(&f.b, "t"), "4 -");
    close_fixture(&f);
}

Test(commit, of_what_another_member_owns_is_fenced_and_seen)
{
    struct fixture f;
    struct commit c;
    struct member *c2;

    open_fixture(&f);
    c2 = asks(&f.b, "c2", "t");
    c = commit_of(&f, 0, 1);
    cr_assert_eq(commit(&f, c2, &c, 1), ERR_FENCED);
    cr_assert_str_eq(rig_why(&f.b.rig), "member 'c2' of group 'g' does not own partition 0 of "
                                        "topic 't': member 'c1' does");
    cr_assert_eq(c.gp->fenced_commit_ms, f.b.rig.clock.wall_ms);
    cr_assert_eq(f.b.groups->stats.commits_fenced, 1);
    cr_assert_str_eq(committed(&f.b, "t"), "- -");
    close_fixture(&f);
}

Test(commit, of_a_partition_that_nobody_has_or_that_is_not_there_is_fenced)
{
    struct fixture f;
    struct commit c;

    open_fixture(&f);
    asks(&f.b, "c2", "t");
    asks(&f.b, "c1", "t"); /* gives one up, and c2 has not taken it */
    c = commit_of(&f, group_rig_partition(&f.b, "g", "t", 0)->owner == NULL ? 0 : 1, 1);
    cr_assert_eq(commit(&f, f.c1, &c, 1), ERR_FENCED, "its old owner");
    rig_why(&f.b.rig);
    c = commit_of(&f, 7, 1);
    cr_assert_eq(commit(&f, f.c1, &c, 1), ERR_FENCED);
    cr_assert_str_eq(rig_why(&f.b.rig),
                     "member 'c1' of group 'g' does not own partition 7 of topic 't'");
    close_fixture(&f);
}

Test(commit, is_all_or_nothing)
{
    struct fixture f;
    struct commit c[2];

    open_fixture(&f);
    c[0] = commit_of(&f, 0, 2);
    c[1] = commit_of(&f, 1, 9);
    cr_assert_eq(commit(&f, f.c1, c, 2), ERR_RANGE);
    cr_assert_str_eq(committed(&f.b, "t"), "- -");
    c[1].offset = 3;
    cr_assert_eq(commit(&f, f.c1, c, 2), ERR_OK);
    cr_assert_str_eq(committed(&f.b, "t"), "2 3");
    close_fixture(&f);
}

Test(commit, of_the_same_partition_twice_is_the_last_one)
{
    struct fixture f;
    struct commit c[2];

    open_fixture(&f);
    c[0] = commit_of(&f, 0, 4);
    c[1] = commit_of(&f, 0, 2);
    cr_assert_eq(commit(&f, f.c1, c, 2), ERR_OK);
    cr_assert_str_eq(committed(&f.b, "t"), "2 -");
    group_rig_restart(&f.b);
    cr_assert_str_eq(committed(&f.b, "t"), "2 -");
    close_fixture(&f);
}

Test(commit, of_the_same_partition_twice_leaves_what_is_behind_the_last_one_to_come_again)
{
    struct fixture f;
    struct connection k, later;
    const struct consume_options manual = {.commit_mode = COMMIT_MANUAL};
    struct commit c[3];

    open_fixture(&f);
    connection_open(&k);
    connection_open(&later);
    cr_assert_str_eq(answer_to(&f.b, &k, "c1", &manual, "t"), "t/0=v v v v v | t/1=v v v v v");
    c[0] = commit_of(&f, 0, 5);
    c[1] = commit_of(&f, 0, 2);
    c[2] = commit_of(&f, 1, 5);
    cr_assert_eq(commit(&f, f.c1, c, 3), ERR_OK);
    cr_assert_str_eq(committed(&f.b, "t"), "2 5");
    cr_assert_str_eq(answer_to(&f.b, &later, "c1", &manual, "t"), "t/0=v v v");
    connection_close(&k);
    connection_close(&later);
    close_fixture(&f);
}

Test(commit, keeps_metadata_of_any_bytes_up_to_its_limit)
{
    struct fixture f;
    struct commit c;
    char *long_text = mem_zalloc(1, OFFSET_METADATA_BYTES_MAX + 1);

    open_fixture(&f);
    c = commit_of(&f, 0, 1);
    c.metadata = bytes_of(long_text, OFFSET_METADATA_BYTES_MAX + 1);
    cr_assert_eq(commit(&f, f.c1, &c, 1), ERR_INVALID);
    cr_assert_str_eq(rig_why(&f.b.rig), "the metadata of partition 0 of topic 't' has 4097 bytes, "
                                        "and may have 4096");
    memset(long_text, 'm', OFFSET_METADATA_BYTES_MAX);
    c.metadata.len = OFFSET_METADATA_BYTES_MAX;
    cr_assert_eq(commit(&f, f.c1, &c, 1), ERR_OK);
    cr_assert_str_eq(c.gp->metadata, long_text);
    c.metadata = BYTES_LITERAL("seen by bob");
    cr_assert_eq(commit(&f, f.c1, &c, 1), ERR_OK);
    group_rig_restart(&f.b);
    cr_assert_str_eq(group_rig_partition(&f.b, "g", "t", 0)->metadata, "seen by bob");
    mem_free(long_text);
    close_fixture(&f);
}

Test(commit, that_the_log_does_not_take_changes_nothing_and_says_why)
{
    struct fixture f;
    struct commit *c;
    char *text = mem_alloc(OFFSET_METADATA_BYTES_MAX);

    open_fixture(&f);
    memset(text, 'm', OFFSET_METADATA_BYTES_MAX);
    c = mem_zalloc(OFFSET_RECORDS_MAX, sizeof(*c)); /* more than a batch may have */
    for (int i = 0; i < OFFSET_RECORDS_MAX; i++) {
        c[i] = commit_of(&f, 0, 1);
        c[i].metadata = bytes_of(text, OFFSET_METADATA_BYTES_MAX);
    }
    cr_assert_eq(commit(&f, f.c1, c, OFFSET_RECORDS_MAX), ERR_TOO_LARGE);
    cr_assert_not_null(strstr(rig_why(&f.b.rig), "does not take the offsets"));
    cr_assert_str_eq(committed(&f.b, "t"), "- -");
    cr_assert_eq(commit(&f, f.c1, c, OFFSET_RECORDS_MAX + 1), ERR_TOO_LARGE);
    cr_assert_str_eq(rig_why(&f.b.rig), "10001 offsets cannot be committed at once, 10000 can");
    mem_free(c);
    mem_free(text);
    close_fixture(&f);
}

/* --- what was handed out ----------------------------------------------------------------------- */

static enum err handed(struct fixture *f, struct connection *k, uint64_t sent,
                       struct commit_result *result)
{
    return commit_handed(f->c1, &k->client, sent, ACK_WRITTEN, &f->b.rig.why, result);
}

static const struct consume_options manual = {.commit_mode = COMMIT_MANUAL};

Test(commit, without_triples_covers_only_replies_that_had_gone_out_whole)
{
    struct fixture f;
    struct connection k;
    struct commit_result result;
    uint64_t before;

    open_fixture(&f);
    connection_open(&k);
    answer_to(&f.b, &k, "c1", &manual, "t");
    before = k.out.pos_end - 1;
    cr_assert_eq(handed(&f, &k, before, &result), ERR_OK);
    cr_assert_null(result.where);
    cr_assert_str_eq(committed(&f.b, "t"), "- -");
    cr_assert_eq(handed(&f, &k, before + 1, &result), ERR_OK);
    cr_assert_not_null(result.where);
    cr_assert_str_eq(committed(&f.b, "t"), "5 5");
    cr_assert(list_empty(&f.c1->handed));
    cr_assert_eq(handed(&f, &k, before + 1, &result), ERR_OK, "there is nothing left");
    cr_assert_null(result.where);
    connection_close(&k);
    close_fixture(&f);
}

Test(commit, over_another_connection_covers_nothing)
{
    struct fixture f;
    struct connection k, other;
    struct commit_result result;

    open_fixture(&f);
    connection_open(&k);
    connection_open(&other);
    answer_to(&f.b, &k, "c1", &manual, "t");
    cr_assert_eq(handed(&f, &other, UINT64_MAX - 1, &result), ERR_OK);
    cr_assert_null(result.where);
    cr_assert_str_eq(committed(&f.b, "t"), "- -");
    connection_close(&k);
    connection_close(&other);
    close_fixture(&f);
}

Test(commit, of_more_than_was_handed_out_never_goes_back_with_auto)
{
    struct fixture f;
    struct connection k;
    const struct consume_options one = {.count_max = 1};

    open_fixture(&f);
    connection_open(&k);
    for (int i = 0; i < 2; i++) {
        answer_to(&f.b, &k, "c1", &one, "t");
        connection_receive(&k);
    }
    cr_assert_eq(commit_one(&f, 0, 5), ERR_OK);
    cr_assert_eq(commit_one(&f, 1, 5), ERR_OK);
    for (int i = 0; i < 4; i++) {
        answer_to(&f.b, &k, "c1", &one, "t");
        connection_receive(&k);
        check_groups(&f.b);
        cr_assert_str_eq(committed(&f.b, "t"), "5 5");
    }
    connection_close(&k);
    close_fixture(&f);
}

Test(commit, with_auto_goes_on_when_it_cannot_be_written)
{
    struct fixture f;
    struct connection k;

    open_fixture(&f);
    connection_open(&k);
    answer_to(&f.b, &k, "c1", NULL, "t");
    connection_receive(&k);
    group_rig_until_written(&f.b);
    rig_until_idle(&f.b.rig);
    rig_fault(&f.b.rig, RIG_WRITE_FULL);
    cr_assert_str_eq(answer_to(&f.b, &k, "c1", NULL, "t"), "");
    rig_turn(&f.b.rig);
    cr_assert_not_null(strstr(f.b.rig.traced, "committed offsets cannot be written"));
    cr_assert_str_eq(committed(&f.b, "t"), "5 5");
    rig_fault(&f.b.rig, RIG_NO_FAULT);
    group_write_record(f.c1->group, ACK_WRITTEN);
    group_rig_until_written(&f.b);
    cr_assert_not_null(strstr(f.b.rig.traced, "committed offsets are written again"));
    connection_close(&k);
    close_fixture(&f);
}

/* --- seeking, starting ------------------------------------------------------------------------ */

Test(commit, seek_moves_an_empty_group_back_and_makes_what_it_did_not_know)
{
    struct fixture f;
    struct commit c = {.topic = BYTES_LITERAL("t"), .number = 1, .offset = 4};
    struct commit_result result;
    struct group *g;

    open_fixture(&f);
    g = group_of(&f.b, "new");
    cr_assert_eq(commit_seek(g, &c, 1, ACK_WRITTEN, &f.b.rig.why, &result), ERR_OK);
    cr_assert_eq(group_rig_partition(&f.b, "new", "t", 1)->committed, 4);
    c.offset = 1;
    cr_assert_eq(commit_seek(g, &c, 1, ACK_WRITTEN, &f.b.rig.why, &result), ERR_OK);
    cr_assert_eq(group_rig_partition(&f.b, "new", "t", 1)->committed, 1);
    group_rig_restart(&f.b);
    cr_assert_eq(group_rig_partition(&f.b, "new", "t", 1)->committed, 1);
    close_fixture(&f);
}

Test(commit, seek_is_refused_while_there_are_members_or_no_such_topic)
{
    struct fixture f;
    struct commit c;
    struct commit_result result;

    open_fixture(&f);
    c = commit_of(&f, 0, 1);
    cr_assert_eq(commit_seek(f.c1->group, &c, 1, ACK_WRITTEN, &f.b.rig.why, &result),
                 ERR_NOT_EMPTY);
    rig_why(&f.b.rig);
    c = (struct commit){.topic = BYTES_LITERAL("nowhere"), .number = 0, .offset = 1};
    cr_assert_eq(commit_seek(group_of(&f.b, "new"), &c, 1, ACK_WRITTEN, &f.b.rig.why, &result),
                 ERR_NOT_FOUND);
    cr_assert_str_eq(rig_why(&f.b.rig), "there is no partition 0 of topic 'nowhere'");
    cr_assert(list_empty(&group_of(&f.b, "new")->topics), "nothing is left of it");
    close_fixture(&f);
}

Test(commit, of_a_start_is_durable_soon_though_nobody_waits)
{
    struct fixture f;

    open_fixture(&f);
    commit_start(group_rig_partition(&f.b, "g", "t", 0), 5);
    cr_assert_str_eq(committed(&f.b, "t"), "5 -");
    group_rig_until_written(&f.b);
    group_rig_restart(&f.b);
    cr_assert_str_eq(committed(&f.b, "t"), "5 -");
    close_fixture(&f);
}
