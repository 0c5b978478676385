/* SPDX-License-Identifier: BSD-3-Clause */
/* Keys, partitions and order. */
#include "lab/lesson.h"

#define PARTITIONS_MAX 6

enum { ALL_IN_ORDER, KEYS_IN_ORDER, NO_ORDER };

static const struct dial dials[] = {
    {.name = "partitions",
     .what = "how many the topic has",
     .value = 3,
     .min = 1,
     .max = PARTITIONS_MAX},
    {.name = "keys",
     .what = "whether records have the customer as key",
     .value = 0,
     .words = "yes no"},
};

/* What is produced, in this order. Each customer's steps are numbered. */
static const struct {
    const char *customer;
    int step;
    const char *value;
} steps[] = {
    {"ann", 1, "1: ann orders"}, {"dan", 1, "1: dan orders"},  {"dan", 2, "2: dan pays"},
    {"ann", 2, "2: ann pays"},   {"ann", 3, "3: ann gets it"}, {"dan", 3, "3: dan gets it"},
};

/* Where each of them went. */
struct placed {
    int64_t partition[COUNT_OF(steps)];
    int64_t offset[COUNT_OF(steps)];
};

static size_t taught(const struct dials *d)
{
    if (dials_get(d, "partitions") == 1)
        return ALL_IN_ORDER;
    return dials_get(d, "keys") == 0 ? KEYS_IN_ORDER : NO_ORDER;
}

static void predict(struct quiz *q, const struct dials *d)
{
    bool keyed = dials_get(d, "keys") == 0, one = dials_get(d, "partitions") == 1;

    quiz_ask(
        q,
        "A shop produces what happens to the orders of two customers, Ann and Dan, into a topic of "
        "%lld partition%s%s. A reader reads all of it. Which order can the reader rely on?",
        (long long)dials_get(d, "partitions"), one ? "" : "s",
        keyed ? ", with the customer as key" : ", without keys");
    quiz_choice(q, "All records come in the order in which they were produced.");
    quiz_why(q, one ? "There is one partition, and a partition is a list: records are read in the "
                      "order of their offsets."
                    : "Within one partition that is so. Between two partitions there is no order: "
                      "each counts its own offsets.");
    quiz_choice(q, "Each customer's records are in order; how the two customers' mix is not kept.");
    quiz_why(
        q, one ? "One partition keeps more than that: everything in it is in order."
           : keyed
               ? "Records with the same key go to the same partition, and a partition keeps its "
                 "order. So all of Ann's are in order, and all of Dan's."
               : "For that the records would need the customer as their key. Without keys they are "
                 "spread over the partitions, and those of one customer do not stay together.");
    quiz_choice(
        q,
        "None: the records of one customer may be read in another order than they were produced.");
    quiz_why(q, one     ? "Within a partition the order is always kept, with or without keys."
                : keyed ? "The key is there to prevent that: one key, one partition, one order."
                        : "Without keys each record goes to the next partition in turn, so one "
                          "customer's are scattered, and each partition is read by itself.");
    quiz_teaches(q, taught(d));
}

static void produce_all(struct actor *shop, const struct dials *d, struct placed *placed)
{
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        const struct reply *reply =
            dials_get(d, "keys") == 0
                ? actor_ask(shop, "PRODUCE $orders '%s' KEY %s", steps[i].value, steps[i].customer)
                : actor_ask(shop, "PRODUCE $orders '%s'", steps[i].value);

        placed->partition[i] = seen_number(seen_item(reply, 0));
        placed->offset[i] = seen_number(seen_item(reply, 1));
    }
}

static int64_t step_of(struct bytes value)
{
    for (size_t i = 0; i < COUNT_OF(steps); i++)
        if (bytes_is(value, steps[i].value))
            return (int64_t)i;
    return SEEN_NOTHING;
}

/* Reads every partition, the last one first, and writes down which of the steps came, in the order in which they were
 * read. */
static size_t read_all(struct stage *s, struct actor *reader, int64_t partitions,
                       const struct placed *placed, int64_t *read, size_t max)
{
    size_t count = 0;

    for (int64_t p = partitions - 1; p >= 0; p--) {
        struct seen_record records[COUNT_OF(steps)];
        size_t got = seen_records(actor_ask(reader, "FETCH $orders %lld EARLIEST", (long long)p),
                                  records, COUNT_OF(records));

        for (size_t i = 0; i < got && i < COUNT_OF(records) && count < max; i++) {
            int64_t step = step_of(records[i].value);

            read[count++] = step;
            stage_expect_number(s, "the offset of a record in its partition", (int64_t)i,
                                records[i].offset);
            if (step != SEEN_NOTHING)
                stage_expect_number(s, "the partition that a record is read from",
                                    placed->partition[step], p);
        }
    }
    return count;
}

/* Whether the records of each customer are in one partition, with offsets that count up: then every reader gets them in
 * order, whichever partition it reads first. */
static bool keys_stay_together(const struct placed *placed)
{
    for (size_t i = 0; i < COUNT_OF(steps); i++)
        for (size_t j = i + 1; j < COUNT_OF(steps); j++)
            if (strcmp(steps[i].customer, steps[j].customer) == 0 &&
                (placed->partition[i] != placed->partition[j] ||
                 placed->offset[i] >= placed->offset[j]))
                return false;
    return true;
}

static bool in_order(const int64_t *read, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (read[i] != (int64_t)i)
            return false;
    return true;
}

static bool in_one_partition(const struct placed *placed)
{
    for (size_t i = 1; i < COUNT_OF(steps); i++)
        if (placed->partition[i] != placed->partition[0])
            return false;
    return true;
}

static size_t play(struct stage *s, const struct dials *d)
{
    struct actor *shop = actor_enter(s, "shop"), *reader = actor_enter(s, "reader");
    int64_t partitions = dials_get(d, "partitions"), read[2 * COUNT_OF(steps)];
    struct placed placed;

    actor_ask(shop, "TOPIC CREATE $orders PARTITIONS %lld", (long long)partitions);
    produce_all(shop, d, &placed);
    stage_say(s, "Each reply says where the record went. Now the reader reads %s:",
              partitions == 1 ? "the partition"
                              : "one partition after the other. It begins with the last, since "
                                "nothing says which comes first");
    size_t count = read_all(s, reader, partitions, &placed, read, COUNT_OF(read));
    stage_expect_number(s, "records that the reader got", COUNT_OF(steps), (int64_t)count);
    if (in_one_partition(&placed) && partitions == 1)
        return in_order(read, count) ? ALL_IN_ORDER : NO_ORDER;
    return keys_stay_together(&placed) ? KEYS_IN_ORDER : NO_ORDER;
}

const struct lesson lesson_keys = {
    .name = "keys",
    .title = "Keys, partitions and order",
    .question = "What stays in order, and what does not?",
    .minutes = 3,
    .page = "docs/tutorial-3.md",
    .story = "One list on one disk would be enough for order, and too little for many readers. So "
             "a topic can be split into partitions: lists beside each other, each with offsets of "
             "its own, that can be read by different programs at the same time. A record may have "
             "a key, such as the customer it is about.",
    .rule = "Order is kept within a partition, and nowhere else. Records with the same key share a "
            "partition: what has to stay in order needs the same key.",
    .vary = "Try v keys=no, v partitions=1, or v partitions=6.",
    LESSON_DIALS(dials),
    .predict = predict,
    .play = play,
};
