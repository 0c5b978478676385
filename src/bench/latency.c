/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/latency.h"

#include "base/mem.h"
#include "bench/topic.h"
#include "bench/wire.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define CHANNEL "echolog-bench"
#define PATIENCE_NS (INT64_C(60) * 1000000000)
#define READ_COUNT 1000
#define FETCHED_AT 1 /* [record, ...] */
#define READ_AT 3    /* [[stream, [entry, ...]]] */

struct latency {
    struct run *run; /* borrowed */
    struct peers peers;
    struct peer *sender, *reader; /* of them */
    char topic[TOPIC_NAME_BYTES];
    struct bytes payload; /* owned */
    struct wire wire;     /* only of publish */
    struct buf request;   /* what is being sent, and what is asked */
    struct buf question;
    int64_t due_ns, every_ns; /* the first message, and the others behind it */
    uint64_t sent, got, warm, total;
    uint64_t greeted; /* bytes of the answer to SUBSCRIBE */
    /* Appends the request with the n-th message. */
    void (*append)(struct latency *l, uint64_t n);
    /* Asks for what follows; NULL: comes by itself. */
    void (*ask)(struct latency *l);
};

/* --- requests ----------------------------------------------------------------------------------- */

static void append_words(struct buf *b, size_t count, ...)
{
    va_list words;

    buf_printf(b, "*%zu\r\n", count);
    va_start(words, count);
    for (size_t i = 0; i < count; i++) {
        const char *word = va_arg(words, const char *);

        buf_printf(b, "$%zu\r\n%s\r\n", strlen(word), word);
    }
    va_end(words);
}

static void append_produce(struct latency *l, uint64_t n)
{
    const char *ack = l->run->options->ack;

    (void)n;
    if (ack != NULL)
        append_words(&l->request, 5, "PRODUCE", l->topic, l->payload.data, "ACK", ack);
    else
        append_words(&l->request, 3, "PRODUCE", l->topic, l->payload.data);
}

static void append_xadd(struct latency *l, uint64_t n)
{
    char id[32];

    snprintf(id, sizeof(id), "1-%" PRIu64, n + 1);
    append_words(&l->request, 5, "XADD", l->topic, id, "v", l->payload.data);
}

static void append_publish(struct latency *l, uint64_t n)
{
    (void)n;
    buf_append_bytes(&l->request, buf_bytes(&l->wire.publish));
}

static void ask_fetch(struct latency *l)
{
    char offset[24], count[24];

    snprintf(offset, sizeof(offset), "%" PRIu64, l->got);
    snprintf(count, sizeof(count), "%d", READ_COUNT);
    append_words(&l->question, 8, "FETCH", l->topic, "0", offset, "COUNT", count, "BLOCK", "0");
}

static void ask_xread(struct latency *l)
{
    char id[32], count[24];

    snprintf(id, sizeof(id), "1-%" PRIu64, l->got);
    snprintf(count, sizeof(count), "%d", READ_COUNT);
    append_words(&l->question, 8, "XREAD", "COUNT", count, "BLOCK", "0", "STREAMS", l->topic, id);
}

/* --- measuring ---------------------------------------------------------------------------------- */

/* So many more messages have come. */
static void latency_arrived(struct latency *l, uint64_t count)
{
    int64_t now_ns = run_now_ns();

    for (; count > 0; count--) {
        if (l->got == l->warm)
            run_begin(l->run);
        histogram_add(&l->run->latency,
                      (uint64_t)(now_ns - l->due_ns - (int64_t)l->got * l->every_ns));
        l->got++;
    }
}

static bool latency_ask(struct latency *l)
{
    if (l->ask == NULL)
        return true;
    buf_clear(&l->question);
    l->ask(l);
    return peer_send(&l->peers, l->reader, buf_bytes(&l->question));
}

/* The reader's own stream: replies to what it asked, or frames. */
static bool latency_read(struct latency *l, struct bytes data)
{
    struct peer *p = l->reader;
    uint64_t items = p->scan.items, replies = p->scan.replies, had;

    if (l->ask != NULL) {
        if (!peers_scan(&l->peers, p, data))
            return false;
        latency_arrived(l, p->scan.items - items);
        return p->scan.replies == replies || latency_ask(l);
    }
    had = p->received / l->wire.frame.len;
    p->received += data.len;
    latency_arrived(l, p->received / l->wire.frame.len - had);
    return true;
}

static bool latency_on_bytes(void *context, struct peer *p, struct bytes data)
{
    struct latency *l = context;

    return p == l->reader ? latency_read(l, data) : peers_scan(&l->peers, p, data);
}

/* Sends all that is due. */
static bool latency_send(struct latency *l)
{
    int64_t now_ns = run_now_ns();

    if (l->sender->sending.len > 0)
        return true;
    buf_clear(&l->request);
    while (l->sent < l->total && l->due_ns + (int64_t)l->sent * l->every_ns <= now_ns)
        l->append(l, l->sent++);
    return peer_send(&l->peers, l->sender, buf_bytes(&l->request));
}

static bool latency_on_greeting(void *context, struct peer *p, struct bytes data)
{
    struct latency *l = context;

    l->greeted += data.len;
    return peers_scan(&l->peers, p, data);
}

static bool latency_subscribe(struct latency *l)
{
    if (!peer_send(&l->peers, l->reader, buf_bytes(&l->wire.subscribe)))
        return false;
    while (l->greeted < l->wire.ending.len && l->reader->scan.errors == 0)
        if (!peers_turn(&l->peers, -1, latency_on_greeting, l))
            return false;
    return true;
}

/* An error ends it too: what is missing will not come. */
static bool latency_measure(struct latency *l)
{
    int64_t end_ns;

    if (l->ask == NULL ? !latency_subscribe(l) : !latency_ask(l))
        return false;
    l->due_ns = run_now_ns() + l->every_ns;
    end_ns = l->due_ns + (int64_t)l->total * l->every_ns + PATIENCE_NS;
    while (l->got < l->total && l->sender->scan.errors == 0 && l->reader->scan.errors == 0) {
        if (!latency_send(l) || !peers_turn(&l->peers, 0, latency_on_bytes, l))
            return false;
        if (run_now_ns() > end_ns) {
            snprintf(l->peers.why, PEERS_WHY_BYTES,
                     "of %" PRIu64 " messages %" PRIu64 " have not come", l->sent,
                     l->sent - l->got);
            return false;
        }
    }
    run_end(l->run);
    l->run->messages = l->got > l->warm ? l->got - l->warm : 0;
    return true;
}

static bool latency_run(struct latency *l, int count_at)
{
    const struct options *o = l->run->options;
    char *payload = mem_alloc((size_t)o->size + 1);
    bool good;

    memset(payload, 'x', (size_t)o->size);
    payload[o->size] = '\0';
    l->payload = bytes_of(payload, (size_t)o->size);
    wire_init(&l->wire, false, BYTES_LITERAL(CHANNEL), l->payload);
    l->run->spins = true;
    l->every_ns = 1000000000 / o->rate;
    l->warm = (uint64_t)(o->warm_up_us * o->rate / 1000000);
    l->total = l->warm + (uint64_t)(o->seconds_us * o->rate / 1000000);
    if (peers_open(&l->peers, o->host, o->port, 2)) {
        l->sender = &l->peers.items[0];
        l->reader = &l->peers.items[1];
        l->reader->scan.count_at = count_at;
        (void)latency_measure(l); /* what went wrong stands with the peers */
    }
    good = run_close(l->run, &l->peers);
    wire_deinit(&l->wire);
    buf_deinit(&l->request);
    buf_deinit(&l->question);
    mem_free(payload);
    return good;
}

static void title(struct run *run, const char *what)
{
    snprintf(run->title, RUN_TITLE_BYTES, "%s, %" PRId64 " bytes, %" PRId64 " messages/s", what,
             run->options->size, run->options->rate);
}

/* Offsets and ids are counted from the begin, so that the topic is our own. */
static bool own_topic(struct run *run)
{
    if (run->options->topic == NULL)
        return true;
    snprintf(run->why, RUN_WHY_BYTES, "this scenario has a topic of its own");
    return false;
}

bool latency_produce(struct run *run)
{
    struct latency l = {.run = run, .append = append_produce, .ask = ask_fetch};
    char what[64];

    snprintf(what, sizeof(what), "produce to blocked fetch, ack %.16s",
             run->options->ack != NULL ? run->options->ack : "of the topic");
    title(run, what);
    topic_name(run->options, 0, 1, 1, l.topic);
    return own_topic(run) && topic_make(run, 1, 1) && latency_run(&l, FETCHED_AT) &&
           topic_remove(run, 1);
}

bool latency_xadd(struct run *run)
{
    struct latency l = {.run = run, .append = append_xadd, .ask = ask_xread};

    title(run, "xadd to blocked xread");
    topic_name(run->options, 0, 1, 1, l.topic);
    return own_topic(run) && stream_make(run, 1) && latency_run(&l, READ_AT) &&
           stream_remove(run, 1);
}

bool latency_publish(struct run *run)
{
    struct latency l = {.run = run, .append = append_publish};

    title(run, "publish to subscriber");
    return latency_run(&l, 0);
}
