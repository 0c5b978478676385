/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/group_reset.h"
#include "base/num.h"
#include "cli/lines.h"
#include "cli/listing.h"
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define NONE (-1)

struct reset {
    struct tool *tool;                    /* borrowed */
    const struct groups_options *options; /* borrowed */
    const char *group;                    /* borrowed */
    struct reply *committed;              /* owned; GROUP OFFSETS, or NULL */
    struct reply *rows;                   /* borrowed */
};

/* --- what is committed ---------------------------------------------------------------------------- */

/* A group that is not there yet has committed nothing: GROUP SEEK would make it. False: an error, which is said. */
static bool ask_committed(struct reset *r)
{
    struct tool *t = r->tool;

    TOOL_SEND(t, "GROUP", "OFFSETS", r->group);
    struct reply *reply = tool_ask(t);
    if (reply == NULL)
        return false;
    if (reply->kind == REPLY_ARRAY) {
        r->committed = reply;
        return true;
    }
    bool good = reply->kind != REPLY_ERROR || bytes_starts_with(reply->text, "UNKNOWNGROUP ");
    if (!good)
        tool_refuse(t, reply->text);
    reply_free(reply);
    return good;
}

static bool is_text(const struct reply *field)
{
    return field != NULL && field->kind == REPLY_BULK;
}

static int64_t committed_of(const struct reset *r, struct bytes topic, int64_t partition)
{
    for (size_t i = 0; r->committed != NULL && i < r->committed->count; i++) {
        const struct reply *entry = &r->committed->items[i], *name = tool_field(entry, "topic");

        if (is_text(name) && bytes_equal(name->text, topic) &&
            tool_field_number(entry, "partition", NONE) == partition)
            return tool_field_number(entry, "committed", NONE);
    }
    return NONE;
}

static struct reply *add_row(struct reset *r, struct bytes topic, int64_t partition)
{
    struct reply *row = listing_row(r->rows);
    int64_t committed = committed_of(r, topic, partition);

    listing_text(row, "group", bytes_of_string(r->group));
    listing_text(row, "topic", topic);
    listing_number(row, "partition", partition);
    if (committed == NONE)
        listing_null(row, "offset");
    else
        listing_number(row, "offset", committed);
    return row;
}

static void add_place(struct reset *r, struct bytes topic, int64_t partition, int64_t offset)
{
    listing_number(add_row(r, topic, partition), "new-offset", offset);
}

/* --- moving --------------------------------------------------------------------------------------- */

/* The words behind TO. */
static void add_target(struct connection *c, const struct groups_place *to)
{
    char time[NUM_TEXT_BYTES_MAX + 2];

    snprintf(time, sizeof(time), "@%lld", (long long)to->value);
    if (to->to == GROUPS_SHIFT)
        connection_add_string(c, "SHIFT");
    if (to->to == GROUPS_TO_EARLIEST || to->to == GROUPS_TO_LATEST)
        connection_add_string(c, to->to == GROUPS_TO_EARLIEST ? "EARLIEST" : "LATEST");
    else if (to->to == GROUPS_TO_TIME)
        connection_add_string(c, time);
    else
        connection_add_number(c, to->value);
}

/* `partition` NONE: all of them. GROUP SEEK's answer: [topic, partition, offset] of each. */
static void move(struct reset *r, struct bytes topic, int64_t partition,
                 const struct groups_place *to)
{
    struct connection *c = r->tool->connection;

    connection_begin_command(c, 6 + (partition != NONE ? 1 : 0) + (to->to == GROUPS_SHIFT ? 1 : 0));
    connection_add_string(c, "GROUP");
    connection_add_string(c, "SEEK");
    connection_add_string(c, r->group);
    connection_add_word(c, topic);
    if (partition != NONE)
        connection_add_number(c, partition);
    connection_add_string(c, "TO");
    add_target(c, to);

    struct reply *reply = tool_ask_good(r->tool);
    for (size_t i = 0; reply != NULL && i < reply->count; i++) {
        const struct reply *part = &reply->items[i];

        if (part->kind == REPLY_ARRAY && part->count == 3)
            add_place(r, part->items[0].text, part->items[1].integer, part->items[2].integer);
    }
    reply_free(reply);
}

/* --- working it out ------------------------------------------------------------------------------- */

/* [partition, offset, …] of each, or of one. NULL: an error, which is said. */
static struct reply *ask_offsets(struct reset *r, struct bytes topic, int64_t partition,
                                 const char *place, int64_t at_ms)
{
    struct connection *c = r->tool->connection;

    connection_begin_command(c, 4 + (partition != NONE ? 1 : 0) + (at_ms != NONE ? 1 : 0));
    connection_add_string(c, "TOPIC");
    connection_add_string(c, "OFFSETS");
    connection_add_word(c, topic);
    if (partition != NONE)
        connection_add_number(c, partition);
    connection_add_string(c, place);
    if (at_ms != NONE)
        connection_add_number(c, at_ms);
    return tool_ask_good(r->tool);
}

/* The offset of entry `i`; NONE when it is an error, which is said. */
static int64_t offset_at(struct reset *r, const struct reply *offsets, size_t i, int64_t *partition)
{
    const struct reply *entry = i < offsets->count ? &offsets->items[i] : NULL;

    if (entry != NULL && entry->kind == REPLY_ARRAY && entry->count >= 2 &&
        entry->items[1].kind == REPLY_INT) {
        *partition = entry->items[0].integer;
        return entry->items[1].integer;
    }
    tool_refuse(r->tool,
                entry != NULL && entry->kind == REPLY_ERROR
                    ? entry->text
                    : BYTES_LITERAL("the server's reply to TOPIC OFFSETS is not understood"));
    return NONE;
}

static int64_t clamped(int64_t offset, int64_t start, int64_t end)
{
    return offset < start ? start : offset > end ? end : offset;
}

/* Where a partition that reaches from `start` to `end` would be gone on with; NONE: it cannot. */
static int64_t place_between(struct reset *r, struct bytes topic, int64_t partition, int64_t start,
                             int64_t end, const struct groups_place *to)
{
    int64_t by = to->value, from;

    if (to->to == GROUPS_SHIFT) {
        from = committed_of(r, topic, partition);
        from = from == NONE ? start : clamped(from, start, end);
        return by < start - from ? start : by > end - from ? end : from + by;
    }
    if (to->value >= start && to->value <= end)
        return to->value;
    fprintf(r->tool->report,
            "Error: %.*s/%lld has no offset %lld: it begins at %lld and ends before %lld\n",
            (int)topic.len, topic.data, (long long)partition, (long long)to->value,
            (long long)start, (long long)end);
    r->tool->status = EXIT_STATUS_REFUSED;
    return NONE;
}

/* The places that need both ends of each partition. */
static void work_out_between(struct reset *r, struct bytes topic, int64_t which,
                             const struct groups_place *to)
{
    struct reply *starts = ask_offsets(r, topic, which, "EARLIEST", NONE);
    struct reply *ends = starts == NULL ? NULL : ask_offsets(r, topic, which, "LATEST", NONE);

    for (size_t i = 0; ends != NULL && i < starts->count; i++) {
        int64_t partition = NONE;
        int64_t start = offset_at(r, starts, i, &partition);
        int64_t end = start == NONE ? NONE : offset_at(r, ends, i, &partition);
        int64_t place = end == NONE ? NONE : place_between(r, topic, partition, start, end, to);

        if (place != NONE)
            add_place(r, topic, partition, place);
    }
    reply_free(starts);
    reply_free(ends);
}

static void work_out(struct reset *r, struct bytes topic, int64_t which,
                     const struct groups_place *to)
{
    struct reply *offsets;

    if (to->to == GROUPS_SHIFT || to->to == GROUPS_TO_OFFSET) {
        work_out_between(r, topic, which, to);
        return;
    }
    if (to->to == GROUPS_TO_TIME)
        offsets = ask_offsets(r, topic, which, "AT", to->value);
    else
        offsets =
            ask_offsets(r, topic, which, to->to == GROUPS_TO_LATEST ? "LATEST" : "EARLIEST", NONE);
    for (size_t i = 0; offsets != NULL && i < offsets->count; i++) {
        int64_t partition = NONE, offset = offset_at(r, offsets, i, &partition);

        if (offset != NONE)
            add_place(r, topic, partition, offset);
    }
    reply_free(offsets);
}

static void go(struct reset *r, struct bytes topic, int64_t which, const struct groups_place *to)
{
    if (r->options->execute)
        move(r, topic, which, to);
    else
        work_out(r, topic, which, to);
}

/* Each partition to what is committed, or else to its end. */
static void go_to_current(struct reset *r, struct bytes topic, int64_t which)
{
    struct reply *ends = ask_offsets(r, topic, which, "LATEST", NONE);

    for (size_t i = 0; ends != NULL && i < ends->count && !r->tool->over; i++) {
        struct groups_place to = {.to = GROUPS_TO_OFFSET};
        int64_t partition = NONE, end = offset_at(r, ends, i, &partition);

        if (end == NONE)
            continue;
        to.value = committed_of(r, topic, partition);
        if (to.value == NONE)
            to.value = end;
        go(r, topic, partition, &to);
    }
    reply_free(ends);
}

/* --- the topics ----------------------------------------------------------------------------------- */

/* Does `fn` for "orders", with partition NONE, or for each partition of "orders:0,2". */
static void each_named(struct reset *r, const char *text,
                       void (*fn)(struct reset *r, struct bytes topic, int64_t partition))
{
    size_t name_len = strcspn(text, ":");
    struct bytes topic = bytes_of(text, name_len);
    const char *at = text + name_len;

    if (*at == '\0')
        fn(r, topic, NONE);
    while (*at != '\0' && !r->tool->over) {
        int64_t partition;
        size_t len = strcspn(++at, ",");

        if (!num_parse_i64(bytes_of(at, len), &partition) || partition < 0) {
            tool_refuse(r->tool,
                        BYTES_LITERAL("--topic takes a name, or name:partition,partition"));
            return;
        }
        fn(r, topic, partition);
        at += len;
    }
}

static void reset_topic(struct reset *r, struct bytes topic, int64_t partition)
{
    if (r->tool->over)
        return;
    if (r->options->place.to == GROUPS_TO_CURRENT)
        go_to_current(r, topic, partition);
    else
        go(r, topic, partition, &r->options->place);
}

/* Whether the entry is the first of its topic: they stand together. */
static bool begins_topic(const struct reply *committed, size_t i)
{
    const struct reply *name = tool_field(&committed->items[i], "topic");
    const struct reply *before = i == 0 ? NULL : tool_field(&committed->items[i - 1], "topic");

    return is_text(name) && (!is_text(before) || !bytes_equal(name->text, before->text));
}

static void reset_all(struct reset *r)
{
    const struct reply *committed = r->committed;

    if (committed == NULL || committed->count == 0) {
        tool_refuse(r->tool, BYTES_LITERAL("the group has no committed offsets: say --topic"));
        return;
    }
    for (size_t i = 0; i < committed->count; i++)
        if (begins_topic(committed, i))
            reset_topic(r, tool_field(&committed->items[i], "topic")->text, NONE);
}

/* --- from a file ---------------------------------------------------------------------------------- */

/* topic,partition,offset */
static bool reset_line(struct reset *r, struct bytes line)
{
    struct groups_place to = {.to = GROUPS_TO_OFFSET};
    struct bytes topic, rest, partition, offset;
    int64_t number;

    if (!line_split(line, BYTES_LITERAL(","), &topic, &rest) ||
        !line_split(rest, BYTES_LITERAL(","), &partition, &offset) || topic.len == 0 ||
        !num_parse_i64(partition, &number) || number < 0 || !num_parse_i64(offset, &to.value) ||
        to.value < 0)
        return false;
    go(r, topic, number, &to);
    return true;
}

static void reset_lines(struct reset *r, int fd)
{
    struct lines lines = {0};
    struct bytes line;
    bool good = true;

    while (good && !lines.ended && !r->tool->over) {
        if (lines_fill(&lines, fd) != ERR_OK) {
            tool_refuse(r->tool, BYTES_LITERAL("--from-file: it cannot be read"));
            break;
        }
        while (good && !r->tool->over && lines_next(&lines, &line))
            good = line.len == 0 || reset_line(r, line);
    }
    if (!good) {
        struct buf why = {0};

        buf_printf(&why, "--from-file: line %llu is not topic,partition,offset",
                   (unsigned long long)lines.number);
        tool_refuse(r->tool, buf_bytes(&why));
        buf_deinit(&why);
    }
    lines_deinit(&lines);
}

static void reset_from_file(struct reset *r)
{
    struct buf why = {0};
    int fd = open(r->options->from_file, O_RDONLY | O_CLOEXEC);

    if (fd >= 0) {
        reset_lines(r, fd);
        close(fd);
        return;
    }
    buf_printf(&why, "--from-file: cannot open %s: %s", r->options->from_file, strerror(errno));
    tool_refuse(r->tool, buf_bytes(&why));
    buf_deinit(&why);
}

void group_reset_export(struct tool *t, const struct reply *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        const struct reply *row = &rows->items[i];
        struct bytes topic = tool_field(row, "topic")->text;

        fprintf(t->out, "%.*s,%lld,%lld\n", (int)topic.len, topic.data,
                (long long)tool_field_number(row, "partition", NONE),
                (long long)tool_field_number(row, "new-offset", NONE));
    }
}

/* --- the whole ------------------------------------------------------------------------------------- */

void group_reset(struct tool *t, const struct groups_options *o, const char *group,
                 struct reply *rows)
{
    struct reset r = {.tool = t, .options = o, .group = group, .rows = rows};

    if (!ask_committed(&r))
        return;
    if (o->from_file != NULL)
        reset_from_file(&r);
    if (o->all_topics)
        reset_all(&r);
    for (size_t i = 0; i < o->topics.count && !t->over; i++)
        each_named(&r, o->topics.items[i], reset_topic);
    reply_free(r.committed);
}

static void forget_topic(struct reset *r, struct bytes topic, int64_t partition)
{
    struct connection *c = r->tool->connection;
    size_t rows_before = r->rows->count;

    connection_begin_command(c, partition == NONE ? 4 : 5);
    connection_add_string(c, "GROUP");
    connection_add_string(c, "FORGET");
    connection_add_string(c, r->group);
    connection_add_word(c, topic);
    if (partition != NONE)
        connection_add_number(c, partition);
    struct reply *reply = tool_ask_good(r->tool);
    for (size_t i = 0; reply != NULL && r->committed != NULL && i < r->committed->count; i++) {
        const struct reply *entry = &r->committed->items[i], *name = tool_field(entry, "topic");
        int64_t number = tool_field_number(entry, "partition", NONE);

        if (is_text(name) && bytes_equal(name->text, topic) &&
            (partition == NONE || partition == number) && committed_of(r, topic, number) != NONE)
            add_row(r, topic, number);
    }
    if (reply != NULL && r->rows->count == rows_before)
        fprintf(r->tool->report, "group '%s' has committed nothing of topic '%.*s'%s\n", r->group,
                (int)topic.len, topic.data, partition == NONE ? "" : " there");
    reply_free(reply);
}

void group_forget(struct tool *t, const struct groups_options *o, const char *group,
                  struct reply *rows)
{
    struct reset r = {.tool = t, .options = o, .group = group, .rows = rows};

    if (!ask_committed(&r))
        return;
    for (size_t i = 0; i < o->topics.count && !t->over; i++)
        each_named(&r, o->topics.items[i], forget_topic);
    reply_free(r.committed);
}
