/* SPDX-License-Identifier: BSD-3-Clause */
/* Compaction: the last record of each key stays. */
#include "lab/lesson.h"

#define RECORDS 5
#define LEFT 3        /* when it is compacted */
#define SEGMENT_MS 10 /* a file is closed when its first record is so old and another comes */

enum { ALL, RENUMBERED, LAST_OF_EACH, NEWEST };
enum { COMPACT, DELETE };
enum { STAYS, REMOVED };

static const struct dial dials[] = {
    {.name = "policy", .what = "the topic's cleanup.policy", .words = "compact delete"},
    {.name = "lamp", .what = "whether the lamp is taken off the list", .words = "stays removed"},
};

struct expected {
    int64_t offset;
    const char *key, *value;
};

/* --- the prediction ------------------------------------------------------------------------------- */

static void ask(struct quiz *q, const struct dials *d)
{
    bool removed = dials_get(d, "lamp") == REMOVED;

    quiz_ask(
        q,
        "Prices are produced in this order: book 10, lamp 30, book 12, %s, chair 55. They have the "
        "offsets 0 to 4. The topic's cleanup.policy is %s. A moment later somebody reads it from "
        "the beginning. What is there?",
        removed ? "and \"the lamp is gone\" (a tombstone)" : "book 15",
        dials_get(d, "policy") == COMPACT ? "compact" : "delete");
}

static void add_last_of_each(struct quiz *q, const struct dials *d)
{
    bool removed = dials_get(d, "lamp") == REMOVED;

    quiz_choice(q, removed
                       ? "Book 12 at offset 2, the tombstone of the lamp at 3, and chair 55 at 4."
                       : "Lamp 30 at offset 1, book 15 at 3, and chair 55 at 4.");
    if (dials_get(d, "policy") == DELETE)
        quiz_why(q, "That is what the policy compact does. This topic has the usual one: it takes "
                    "what is too old, or too much, whatever its key.");
    else if (removed)
        quiz_why(q,
                 "The last record of each key stays. The last of the lamp is the tombstone: a "
                 "record without a value, that says there is nothing any more. It stays for a day "
                 "(delete.retention.ms), so that whoever keeps a copy of the list hears of it.");
    else
        quiz_why(q,
                 "The last record of each key stays, and older ones of that key go. So the topic "
                 "is a table of what is true now, with its latest changes. Offsets never change; "
                 "there are holes.");
}

static void predict(struct quiz *q, const struct dials *d)
{
    bool compact = dials_get(d, "policy") == COMPACT, removed = dials_get(d, "lamp") == REMOVED;

    ask(q, d);
    quiz_choice(q, "All five of them.");
    quiz_why(q, compact ? "At first yes. Then the server goes over files that are full, and leaves "
                          "out what a later record of the same key has replaced."
                        : "The policy delete takes what is older than retention.ms or more than "
                          "retention.bytes, here neither. It does not look at keys.");
    quiz_choice(q, removed ? "Book 12 and chair 55, at the offsets 0 and 1."
                           : "Lamp 30, book 15 and chair 55, at the offsets 0, 1 and 2.");
    quiz_why(q,
             "Offsets are never given anew. Who has noted that it has read up to offset 3 can rely "
             "on that.");
    add_last_of_each(q, d);
    quiz_choice(q, "Chair 55 at offset 4.");
    quiz_why(q, "Each key is looked at by itself: what is newer of another key replaces nothing.");
    quiz_teaches(q, compact ? LAST_OF_EACH : ALL);
}

/* --- the play ------------------------------------------------------------------------------------- */

static bool is_past(const struct reply *time, const void *ctx)
{
    const int64_t *until_ms = ctx;

    return seen_time_ms(time) > *until_ms;
}

/* The file with what there is by now is old enough to be closed by the next record. */
static void let_file_age(struct stage *s)
{
    int64_t until_ms = seen_time_ms(stage_ask(s, "TIME")) + SEGMENT_MS;

    stage_until(s, "that the clock goes on", is_past, &until_ms, "TIME");
}

static void produce(struct stage *s, struct actor *shop, const struct dials *d)
{
    bool removed = dials_get(d, "lamp") == REMOVED;

    stage_say(s, "Only files that are closed are gone over, and usually they are large. segment.ms "
                 "and the ratio make this topic do it soon.");
    actor_ask(shop,
              "TOPIC CREATE $prices CONFIG cleanup.policy %s segment.ms %d "
              "min.cleanable.dirty.ratio 0",
              dials_get(d, "policy") == COMPACT ? "compact" : "delete", SEGMENT_MS);
    actor_ask(shop, "MPRODUCE $prices PAIRS book 10 lamp 30 book 12%s", removed ? "" : " book 15");
    if (removed)
        actor_ask(shop, "PRODUCE $prices '' KEY lamp TOMBSTONE");
    let_file_age(s);
    actor_ask(shop, "PRODUCE $prices 55 KEY chair");
}

/* Another topic with the same records, that nobody sees: when the server has gone over that one, it would have gone
 * over the other too. */
static void produce_unseen(struct stage *s, const char *topic)
{
    stage_ask(s,
              "TOPIC CREATE $%s CONFIG cleanup.policy compact segment.ms %d "
              "min.cleanable.dirty.ratio 0",
              topic, SEGMENT_MS);
    stage_ask(s, "MPRODUCE $%s PAIRS book 10 lamp 30 book 12 book 15", topic);
    let_file_age(s);
    stage_ask(s, "PRODUCE $%s 55 KEY chair", topic);
}

/* And read to the end: an answer may be short of that. */
static bool is_compacted(const struct reply *reply, const void *ctx)
{
    struct seen_record records[RECORDS];
    size_t count = seen_records(reply, records, RECORDS);

    (void)ctx;
    return reply->kind != REPLY_ARRAY ||
           (count > 0 && count <= LEFT && bytes_is(records[count - 1].key, "chair"));
}

static size_t read_all(struct actor *reader, struct seen_record *records)
{
    return seen_records(actor_ask(reader, "FETCH $prices 0 EARLIEST"), records, RECORDS);
}

/* Whether these are the records, with the offsets they had at first. NULL is the value of a tombstone. */
static bool are(const struct seen_record *records, const struct expected *expected)
{
    for (size_t i = 0; i < LEFT; i++) {
        const char *value = expected[i].value;

        if (records[i].offset != expected[i].offset || !bytes_is(records[i].key, expected[i].key) ||
            (value == NULL ? !bytes_is_null(records[i].value) : !bytes_is(records[i].value, value)))
            return false;
    }
    return true;
}

static size_t outcome(const struct seen_record *records, size_t count, bool removed)
{
    static const struct expected stays[] = {
        {1, "lamp", "30"}, {3, "book", "15"}, {4, "chair", "55"}};
    static const struct expected gone[] = {
        {2, "book", "12"}, {3, "lamp", NULL}, {4, "chair", "55"}};

    if (count == RECORDS)
        return ALL;
    if (count == LEFT && are(records, removed ? gone : stays))
        return LAST_OF_EACH;
    if (count == 1)
        return NEWEST;
    return count > 0 && count < RECORDS && records[0].offset == 0 ? RENUMBERED : QUIZ_NONE;
}

static size_t play(struct stage *s, const struct dials *d)
{
    struct actor *shop = actor_enter(s, "shop"), *reader = actor_enter(s, "reader");
    bool compact = dials_get(d, "policy") == COMPACT;
    struct seen_record records[RECORDS];

    produce(s, shop, d);
    size_t before = compact ? RECORDS : read_all(reader, records);
    stage_expect_number(s, "records at first", RECORDS, (int64_t)before);
    if (!compact)
        produce_unseen(s, "likewise");
    stage_until(s, "that a compacted topic has only the last record of each key", is_compacted,
                NULL, "FETCH $%s 0 EARLIEST", compact ? "prices" : "likewise");
    stage_say(s, compact ? "The server has gone over it. What is there now?"
                         : "The server has gone over a compacted topic meanwhile, with the same "
                           "records. And this one?");
    size_t count = read_all(reader, records);
    size_t happened = outcome(records, count, dials_get(d, "lamp") == REMOVED);

    stage_say(s, "Whoever produces next goes on with the next offset, as if nothing had happened.");
    const struct reply *next = actor_ask(shop, "PRODUCE $prices 60 KEY chair");
    stage_expect_number(s, "the offset of the next record", RECORDS,
                        seen_number(seen_item(next, 1)));
    return happened;
}

const struct lesson lesson_compaction = {
    .name = "compaction",
    .title = "Compaction: the last of each key",
    .question = "A list of prices changes all day. Has everybody to read all changes for ever?",
    .minutes = 2,
    .page = "docs/tutorial-9.md",
    .story =
        "A record may have a key: what it is about. Here the key is a thing in a shop, and the "
        "value its price. For clicks or orders each record counts, and the old ones go by age. For "
        "prices only the last one of each thing is of interest, however old it is. A topic can be "
        "told so: cleanup.policy compact.",
    .rule =
        "A compacted topic keeps the last record of each key, however old, at its old offset. To "
        "take a key away, produce a tombstone.",
    .vary = "Try v lamp=removed, and v policy=delete.",
    LESSON_DIALS(dials),
    .own_server = true,
    .predict = predict,
    .play = play,
};
