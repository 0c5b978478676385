/* SPDX-License-Identifier: BSD-3-Clause */
/* FETCH and MFETCH: reading by offset, at once or as soon as there is enough. */
#include "commands/arguments.h"
#include "commands/errors.h"
#include "commands/handlers.h"
#include "commands/late_reply.h"
#include "commands/record_reply.h"

#include "base/mem.h"
#include "base/num.h"

/* What MFETCH asked for where there is nothing of that name. */
struct missing {
    char *topic; /* owned copy; NULL where the part exists */
    size_t topic_len;
    int64_t partition;
};

struct fetch_call {
    struct fetch fetch;
    struct late_reply reply;
    bool many;               /* MFETCH: elements per partition */
    struct missing *missing; /* owned, one per part; NULL while nothing is missing */
    struct fetch_part parts[];
};

/* --- options -------------------------------------------------------------------------------- */

/* One option at argv[at]; false when it was none (`known` false) or wrong (answered). */
static bool read_option(struct call *c, int at, struct fetch *f, bool *known)
{
    struct bytes word = c->argv[at];
    *known = at + 1 < c->argc;
    if (*known && bytes_is(word, "count"))
        return argument_size(c, c->argv[at + 1], "COUNT", INT32_MAX, &f->count_max);
    if (*known && bytes_is(word, "maxbytes"))
        return argument_size(c, c->argv[at + 1], "MAXBYTES", FETCH_BYTES_MAX, &f->bytes_max);
    if (*known && bytes_is(word, "minbytes"))
        return argument_size(c, c->argv[at + 1], "MINBYTES", FETCH_BYTES_MAX, &f->bytes_min);
    if (*known && bytes_is(word, "block"))
        return argument_block(c, c->argv[at + 1], &f->wait_us);
    *known = false;
    return false;
}

static struct fetch fetch_defaults(struct call *c)
{
    return (struct fetch){.count_max = FETCH_COUNT_DEFAULT,
                          .bytes_max = FETCH_BYTES_DEFAULT,
                          .bytes_min = 1,
                          .timers = c->sv->timers,
                          .clock = c->sv->clock};
}

/* --- running and answering ------------------------------------------------------------------- */

/* The error in the place of records of a topic or partition that does not exist. */
static void write_missing(struct writer *w, const struct missing *m, enum err err)
{
    if (err == ERR_NOT_FOUND || err == ERR_CORRUPT)
        write_unknown_topic(w, err == ERR_CORRUPT, bytes_of(m->topic, m->topic_len));
    else
        write_error(w, "UNKNOWNPARTITION topic '%.*s' has no partition %lld", (int)m->topic_len,
                    m->topic, (long long)m->partition);
}

static void write_element(struct writer *w, struct fetch_call *f, size_t i,
                          struct record_budget *budget)
{
    struct fetch_part *part = &f->parts[i];
    write_array(w, 3);
    if (part->tp == NULL) {
        const struct missing *m = &f->missing[i];
        write_bulk(w, bytes_of(m->topic, m->topic_len));
        write_int(w, m->partition);
        write_missing(w, m, part->err);
    } else {
        write_bulk(w, part->tp->topic->name);
        write_int(w, part->tp->number);
        reply_records(w, part, budget);
    }
}

static void write_result(struct writer *w, struct fetch_call *f)
{
    struct record_budget budget = {.count = f->fetch.count_max, .bytes = f->fetch.bytes_max};
    if (!f->many) {
        reply_records(w, &f->parts[0], &budget);
        return;
    }
    write_array(w, f->fetch.part_count);
    for (size_t i = 0; i < f->fetch.part_count; i++)
        write_element(w, f, i, &budget);
}

static void fetch_call_free(struct fetch_call *f)
{
    fetch_end(&f->fetch);
    for (size_t i = 0; f->missing != NULL && i < f->fetch.part_count; i++)
        mem_free(f->missing[i].topic);
    mem_free(f->missing);
    mem_free(f);
}

static void render(struct late_reply *l, struct writer *w)
{
    write_result(w, CONTAINER_OF(l, struct fetch_call, reply));
}

static void release(struct late_reply *l)
{
    fetch_call_free(CONTAINER_OF(l, struct fetch_call, reply));
}

static void time_up(struct late_reply *l)
{
    fetch_time_up(&CONTAINER_OF(l, struct fetch_call, reply)->fetch);
}

static void on_done(struct fetch *fetch)
{
    late_reply_answer(&CONTAINER_OF(fetch, struct fetch_call, fetch)->reply);
}

static void start(struct call *c, struct fetch_call *f)
{
    f->fetch.done = on_done;
    f->fetch.parts = f->parts;
    if (c->session->transaction.running) {
        f->fetch.wait_us = 0; /* inside EXEC nothing waits, and later commands are not seen */
        f->fetch.frozen = true;
    }
    if (fetch_start(&f->fetch) == ERR_OK) {
        write_result(&c->w, f);
        fetch_call_free(f);
        return;
    }
    f->reply = (struct late_reply){
        .render = render, .release = release, .time_up = f->fetch.wait_us != 0 ? time_up : NULL};
    late_reply_start(&f->reply, c, true);
}

static struct fetch_call *fetch_call_create(const struct fetch *options, size_t part_count)
{
    struct fetch_call *f = mem_zalloc(1, sizeof(*f) + part_count * sizeof(f->parts[0]));
    f->fetch = *options;
    f->fetch.part_count = part_count;
    return f;
}

/* --- FETCH topic partition position [options] ------------------------------------------------- */

void cmd_fetch(struct call *c)
{
    struct fetch options = fetch_defaults(c);
    for (int at = 4; at < c->argc; at += 2) {
        bool known;
        if (!read_option(c, at, &options, &known)) {
            if (!known)
                reply_syntax_error(c);
            return;
        }
    }
    enum fetch_from from;
    int64_t value;
    if (!argument_position(c->argv[3], &from, &value)) {
        reply_bad_position(c, c->argv[3]);
        return;
    }
    struct topic *t = argument_topic(c, c->argv[1]);
    struct topic_partition *tp = t == NULL ? NULL : argument_partition(c, t, c->argv[2]);
    if (tp == NULL)
        return;
    struct fetch_call *f = fetch_call_create(&options, 1);
    f->parts[0].tp = tp;
    f->parts[0].from = from;
    f->parts[0].value = value;
    start(c, f);
}

/* --- MFETCH [options] FROM topic partition position [...] -------------------------------------- */

/* Reads the options; returns the place of the first topic, or 0 with an answer. */
static int read_mfetch_options(struct call *c, struct fetch *options)
{
    for (int at = 1; at < c->argc; at += 2) {
        if (bytes_is(c->argv[at], "from")) {
            int words = c->argc - at - 1;
            if (words > 0 && words % 3 == 0 && words / 3 <= FETCH_PARTS_MAX)
                return at + 1;
            if (words / 3 > FETCH_PARTS_MAX)
                write_error(&c->w,
                            "ERR MFETCH reads at most %d partitions at once, and was given %d",
                            FETCH_PARTS_MAX, words / 3);
            else
                write_error(&c->w, "ERR FROM needs a topic, a partition and an offset each time");
            return 0;
        }
        bool known;
        if (!read_option(c, at, options, &known)) {
            if (!known)
                reply_syntax_error(c);
            return 0;
        }
    }
    reply_syntax_error(c);
    return 0;
}

static void set_missing(struct fetch_call *f, size_t i, struct bytes topic, int64_t partition,
                        enum err err)
{
    if (f->missing == NULL)
        f->missing = mem_zalloc(f->fetch.part_count, sizeof(*f->missing));
    f->missing[i] = (struct missing){.topic = mem_strndup(topic.data, topic.len),
                                     .topic_len = topic.len,
                                     .partition = partition};
    f->parts[i].err = err;
}

static bool read_mfetch_part(struct call *c, struct fetch_call *f, size_t i,
                             const struct bytes *words)
{
    struct fetch_part *part = &f->parts[i];
    int64_t number;
    if (!num_parse_i64(words[1], &number)) {
        reply_not_an_integer(c);
        return false;
    }
    if (!argument_position(words[2], &part->from, &part->value)) {
        reply_bad_position(c, words[2]);
        return false;
    }
    struct topic *t = catalog_find(c->sv->catalog, words[0]);
    struct topic_partition *tp = t == NULL ? NULL : topic_partition(t, number);
    if (tp != NULL)
        part->tp = tp;
    else if (t != NULL)
        set_missing(f, i, words[0], number, ERR_RANGE);
    else
        set_missing(f, i, words[0], number,
                    catalog_name_has_meta(c->sv->catalog, words[0]) ? ERR_CORRUPT : ERR_NOT_FOUND);
    return true;
}

void cmd_mfetch(struct call *c)
{
    struct fetch options = fetch_defaults(c);
    int first = read_mfetch_options(c, &options);
    if (first == 0)
        return;
    size_t count = (size_t)(c->argc - first) / 3;
    struct fetch_call *f = fetch_call_create(&options, count);
    f->many = true;
    for (size_t i = 0; i < count; i++) {
        if (!read_mfetch_part(c, f, i, &c->argv[first + 3 * (int)i])) {
            fetch_call_free(f);
            return;
        }
    }
    start(c, f);
}
