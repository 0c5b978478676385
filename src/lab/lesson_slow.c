/* SPDX-License-Identifier: BSD-3-Clause */
/* The slow consumer: pushed it is cut off, pulled it is behind, followed neither. */
#include "base/mem.h"
#include "base/num.h"
#include "lab/lesson.h"

#define MESSAGE_BYTES 200000
#define LIMIT "1mb"   /* of what may wait for a subscriber; the system's own buffers come on top */
#define FEW 4         /* less than the limit, also without those */
#define MANY_MAX 1000 /* more than all of it, on any system */
#define MANY_FOLLOWED \
    50 /* as much as cuts off a subscriber where buffers are as they usually are */

enum { WRITER_WAITS, BOTH_GET_ALL, SUE_LOSES, BOTH_LOSE };
enum { SUBSCRIBES, FOLLOWS };
enum { BURST_FEW, BURST_MANY };

static const struct dial dials[] = {
    {.name = "messages",
     .what = "how many come while nobody reads",
     .value = BURST_MANY,
     .words = "few many"},
    {.name = "sue", .what = "how Sue listens", .words = "subscribes follows"},
};

/* What was sent, and what came of it. */
struct burst {
    int64_t sent, heard; /* heard: so many had a listener, says PUBLISH */
};

static void ask(struct quiz *q, const struct dials *d)
{
    bool follows = dials_get(d, "sue") == FOLLOWS;

    quiz_ask(
        q,
        "%s large messages are sent, each to a channel and to a topic. %s Gus is a member of a "
        "group that reads the topic. Both are busy with something else: Sue reads nothing of what "
        "comes, and Gus asks for nothing. Later both take up their work again. What do they get?",
        dials_get(d, "messages") == BURST_FEW ? "A few" : "Very many",
        follows ? "Sue follows the topic: FOLLOW sends her each record as it comes."
                : "Sue has subscribed to the channel.");
}

static void add_why_all(struct quiz *q, const struct dials *d)
{
    if (dials_get(d, "sue") == FOLLOWS)
        quiz_why(q,
                 "FOLLOW pushes, like a subscription, but what it pushes is read from the topic, "
                 "and only as fast as the follower takes it. Nobody has to keep anything for her "
                 "in memory: it is on disk. Gus has what is called lag, and so has she.");
    else if (dials_get(d, "messages") == BURST_FEW)
        quiz_why(
            q, "A little may wait for a subscriber, in the memory of the server and of the system. "
               "When Sue reads on before it is too much, she has lost nothing. For Gus it is on "
               "disk.");
    else
        quiz_why(
            q, "Gus does. What waits for Sue waits in the server's memory, and that has to have a "
               "limit, or one busy subscriber would fill it.");
}

static void predict(struct quiz *q, const struct dials *d)
{
    bool loses = dials_get(d, "sue") == SUBSCRIBES && dials_get(d, "messages") == BURST_MANY;

    ask(q, d);
    quiz_choice(q, "Everything, but the sender had to wait for them.");
    quiz_why(q, "Whoever sends is never made to wait for a slow reader here: others would have to "
                "wait with it.");
    quiz_choice(q, "Both get everything later.");
    add_why_all(q, d);
    quiz_choice(q,
                "Gus gets everything later. Sue is cut off, and what she had not taken is lost.");
    quiz_why(q, loses
                    ? "What is pushed and not taken waits in the server's memory. At a limit the "
                      "server closes the connection and drops what waited. What is pulled waits on "
                      "disk, where there is room; the reader is behind, which is called lag."
                : dials_get(d, "sue") == FOLLOWS
                    ? "That is what happens to a subscriber of a channel. A follower reads the "
                      "topic at her own pace, and is never cut off for being slow."
                    : "That happens when more waits for her than the limit. These few were less.");
    quiz_choice(q, "Both have lost what they did not take in time.");
    quiz_why(q,
             "A topic loses nothing because somebody is slow: it does not even know who reads it.");
    quiz_teaches(q, loses ? SUE_LOSES : BOTH_GET_ALL);
}

/* --- the burst ------------------------------------------------------------------------------------ */

/* Sends until nobody hears it any more, or `max` messages. Each begins with its number. */
static struct burst send_burst(struct actor *writer, bool publish, int64_t max)
{
    struct burst burst = {0};
    char *padding = mem_alloc(MESSAGE_BYTES + 1);
    bool heard = true;

    memset(padding, '.', MESSAGE_BYTES);
    padding[MESSAGE_BYTES] = '\0';
    while (heard && burst.sent < max && !writer->stage->over) {
        burst.sent++;
        if (publish)
            heard = seen_number(actor_ask_unseen(writer, "PUBLISH $news '%lld %s'",
                                                 (long long)burst.sent, padding)) == 1;
        burst.heard += publish && heard;
        actor_ask_unseen(writer, "PRODUCE $orders '%lld %s' ACK WRITTEN", (long long)burst.sent,
                         padding);
    }
    mem_free(padding);
    return burst;
}

static int64_t number_of(struct bytes message)
{
    const char *blank = message.len > 0 ? memchr(message.data, ' ', message.len) : NULL;
    int64_t number;

    if (blank == NULL ||
        !num_parse_i64(bytes_of(message.data, (size_t)(blank - message.data)), &number))
        return SEEN_NOTHING;
    return number;
}

/* --- Sue ------------------------------------------------------------------------------------------ */

/* What came has to be 1, 2, 3 … without a hole. Returns how many. */
static int64_t check_sue(struct stage *s, const struct actor *sue, bool follows)
{
    const char *kind = follows ? "record" : "message";
    size_t count = actor_heard(sue, kind);

    for (size_t i = 0; i < count; i++) {
        const struct reply *push = actor_heard_at(sue, kind, i);
        struct seen_record record = {.value = seen_text(seen_item(push, 2))};

        if (follows)
            (void)seen_records(push, &record, 1);
        if (!stage_expect_number(s, "the next message that Sue gets", (int64_t)i + 1,
                                 number_of(record.value)))
            break;
    }
    return (int64_t)count;
}

static void explain_loss(struct stage *s, int64_t heard, int64_t got)
{
    const struct reply *entry = seen_item(stage_ask(s, "CLIENT LOG 1"), 0);
    int64_t dropped = seen_number(seen_field(entry, "dropped-messages"));
    struct bytes detail = seen_text(seen_field(entry, "detail"));

    stage_expect_text(s, "why the server cut Sue off", "output-hard-limit",
                      seen_text(seen_field(entry, "reason")));
    stage_expect_number(s, "messages that the server counts as dropped", heard - got, dropped);
    stage_say(s,
              "She got what the system had taken for her already. The rest is gone, and the server "
              "says so in CLIENT LOG: \"%.*s\", and with it %lld messages.",
              (int)detail.len, detail.data, (long long)dropped);
}

/* Comes back, and hears what is new and nothing of what she missed. */
static void sue_returns(struct stage *s, struct actor *sue, struct actor *writer)
{
    size_t before = actor_heard(sue, "message");

    actor_show_pushes(sue);
    actor_return(sue);
    actor_ask(sue, "SUBSCRIBE $news");
    stage_expect_number(s, "how many hear a message again", 1,
                        seen_number(actor_ask(writer, "PUBLISH $news 'back again?'")));
    actor_settle(sue);
    stage_expect_number(s, "messages that Sue gets when she is back", 1,
                        (int64_t)(actor_heard(sue, "message") - before));
}

/* Returns how many messages of the burst she got. */
static int64_t sue_reads_on(struct stage *s, struct actor *sue, struct actor *writer, bool follows,
                            const struct burst *burst)
{
    int64_t wanted = follows ? burst->sent : burst->heard;
    bool cut = !follows && burst->heard < burst->sent;

    actor_read_on(sue);
    if (cut)
        stage_expect(s, actor_await_loss(sue), "the connection of a slow subscriber",
                     "that it is closed", "that it stands");
    else
        (void)actor_await(sue, follows ? "record" : "message", (size_t)wanted);
    int64_t got = check_sue(s, sue, follows);
    actor_note(sue, "%s messages 1 to %lld", cut ? "that was after" : "gets", (long long)got);
    if (cut) {
        explain_loss(s, burst->heard, got);
        sue_returns(s, sue, writer);
    }
    return got;
}

/* --- Gus ------------------------------------------------------------------------------------------ */

static int64_t lag(struct stage *s)
{
    return seen_number(seen_field(stage_ask(s, "GROUP LAG $readers"), "lag"));
}

/* Returns how many messages he got, 1, 2, 3 … */
static int64_t gus_reads_on(struct stage *s, struct actor *gus)
{
    struct seen_record records[16];
    int64_t got = 0;
    size_t count;

    do {
        count = seen_records(actor_ask_unseen(gus, "CONSUME $readers gus COUNT 10 TOPICS $orders"),
                             records, COUNT_OF(records));
        for (size_t i = 0; i < count && i < COUNT_OF(records); i++)
            stage_expect_number(s, "the next message that Gus gets", ++got,
                                number_of(records[i].value));
    } while (count > 0 && got <= MANY_MAX && !s->over);
    actor_note(gus, "CONSUME, again and again: gets messages 1 to %lld", (long long)got);
    return got;
}

/* --- all of it ------------------------------------------------------------------------------------ */

static void begin(struct actor *writer, struct actor *sue, struct actor *gus, bool follows)
{
    actor_ask(writer, "CONFIG SET client-output-buffer-limit 'pubsub " LIMIT " 0 0'");
    actor_ask(writer, "TOPIC CREATE $orders");
    actor_ask(sue, follows ? "FOLLOW $orders" : "SUBSCRIBE $news");
    actor_ask(gus, "CONSUME $readers gus TOPICS $orders");
    actor_note(sue, "is busy: reads nothing");
    actor_note(gus, "is busy: asks for nothing");
    actor_stop_reading(sue);
    actor_hide_pushes(sue);
}

static size_t outcome(const struct burst *burst, int64_t sue_got, int64_t gus_got)
{
    if (gus_got != burst->sent)
        return sue_got < burst->sent ? BOTH_LOSE : QUIZ_NONE;
    return sue_got < burst->sent ? SUE_LOSES : BOTH_GET_ALL;
}

static size_t play(struct stage *s, const struct dials *d)
{
    struct actor *writer = actor_enter(s, "writer"), *sue = actor_enter(s, "Sue");
    struct actor *gus = actor_enter(s, "Gus");
    bool follows = dials_get(d, "sue") == FOLLOWS, few = dials_get(d, "messages") == BURST_FEW;

    stage_say(s, "How much may wait for a subscriber is limited: usually 32 MB, here 1 MB, so that "
                 "we come to it soon.");
    begin(writer, sue, gus, follows);
    struct burst burst = send_burst(writer, !follows,
                                    few       ? FEW
                                    : follows ? MANY_FOLLOWED
                                              : MANY_MAX);

    if (!follows)
        actor_note(writer, "publishes %lld messages of %d bytes: %s", (long long)burst.sent,
                   MESSAGE_BYTES,
                   burst.heard < burst.sent ? "the answer is 1 each time, and 0 for the last"
                                            : "the answer is 1 each time");
    actor_note(writer, "produces %lld records of %d bytes", (long long)burst.sent, MESSAGE_BYTES);
    stage_say(s, "Sue reads on.");
    int64_t sue_got = sue_reads_on(s, sue, writer, follows, &burst);

    stage_expect_number(s, "the lag of Gus's group", burst.sent, lag(s));
    stage_say(s,
              "Gus has %lld records before him. That is his lag, as GROUP LAG tells it, and they "
              "wait on disk. He reads on.",
              (long long)burst.sent);
    int64_t gus_got = gus_reads_on(s, gus);
    stage_expect_number(s, "the lag of Gus's group when he has read", 0, lag(s));
    return outcome(&burst, sue_got, gus_got);
}

const struct lesson lesson_slow = {
    .name = "slow",
    .title = "The slow consumer",
    .question = "Messages come faster than a program takes them. What happens?",
    .minutes = 3,
    .page = "docs/tutorial-6.md",
    .story =
        "No program is always as fast as what is sent to it: it writes to a database that is slow "
        "today, or it is stopped for a minute. A channel pushes: the server sends, whether the "
        "subscriber reads or not. A topic is pulled: the reader asks for the next records when it "
        "has time for them.",
    .rule =
        "Pushed, the server sets the pace, and who cannot keep up is cut off and loses messages. "
        "Pulled, the reader sets the pace, and who cannot keep up has lag.",
    .vary = "Try v messages=few, and v messages=many sue=follows.",
    LESSON_DIALS(dials),
    .own_server = true,
    .predict = predict,
    .play = play,
};
