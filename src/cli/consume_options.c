/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/consume_options.h"
#include "base/num.h"
#include "cli/moment.h"
#include <stdio.h>
#include <strings.h>
#include <unistd.h>

static bool consume_options_offset(struct consume_options *o, const char *offset, char *why)
{
    if (offset == NULL)
        return true;
    if (strcasecmp(offset, "earliest") == 0)
        o->offset = CONSUME_FROM_EARLIEST;
    else if (strcasecmp(offset, "latest") == 0)
        o->offset = CONSUME_FROM_LATEST;
    else if (!num_parse_i64(bytes_of_string(offset), &o->offset) || o->offset < 0) {
        snprintf(why, FLAGS_WHY_BYTES, "--offset takes an offset, earliest or latest, not '%s'",
                 offset);
        return false;
    }
    return true;
}

/* Where it begins, as it was given. */
struct beginning {
    bool earliest;
    const char *offset, *time;
};

static bool consume_options_time(struct consume_options *o, const char *time, char *why)
{
    o->offset = CONSUME_FROM_TIME;
    if (moment_parse(time, moment_now_ms(), &o->from_ms))
        return true;
    snprintf(why, FLAGS_WHY_BYTES, "--from-timestamp takes %s", MOMENT_EXAMPLES);
    return false;
}

static bool consume_options_check(struct consume_options *o, const struct beginning *from,
                                  bool follow, char *why)
{
    const char *wrong = NULL;

    if (o->topic == NULL || o->topic[0] == '\0')
        wrong = "--topic is missing";
    else if (from->earliest + (from->offset != NULL) + (from->time != NULL) > 1)
        wrong = "--from-beginning, --from-timestamp and --offset exclude each other";
    else if (o->group != NULL && (o->partition >= 0 || from->offset != NULL || from->time != NULL))
        wrong = "--group chooses partitions and offsets itself: groups --reset-offsets moves it";
    else if (o->group != NULL && o->until_end)
        wrong = "--until-end does not go with --group";
    else if (o->member != NULL && o->group == NULL)
        wrong = "--member goes with --group";
    else if (follow && o->until_end)
        wrong = "--follow and --until-end exclude each other";
    else if (from->offset != NULL && o->partition < 0)
        wrong = "--offset needs --partition: each partition has its own offsets";
    if (wrong != NULL) {
        snprintf(why, FLAGS_WHY_BYTES, "%s", wrong);
        return false;
    }
    if (o->member == NULL) {
        snprintf(o->member_name, sizeof(o->member_name), "console-%ld", (long)getpid());
        o->member = o->member_name;
    }
    o->format.topic = o->topic;
    o->offset = from->earliest ? CONSUME_FROM_EARLIEST : CONSUME_FROM_LATEST;
    if (from->time != NULL)
        return consume_options_time(o, from->time, why);
    return consume_options_offset(o, from->offset, why);
}

static bool consume_options_properties(struct consume_options *o, const struct flag_list *list,
                                       char *why)
{
    for (size_t i = 0; i < list->count; i++) {
        if (!record_format_set(&o->format, list->items[i])) {
            snprintf(why, FLAGS_WHY_BYTES, "--property: '%s' is not known", list->items[i]);
            return false;
        }
    }
    return true;
}

/* Of Kafka's consumer. */
static bool consume_options_consumer_properties(struct consume_options *o, struct beginning *from,
                                                const struct flag_list *list, char *why)
{
    for (size_t i = 0; i < list->count; i++) {
        struct bytes property = bytes_of_string(list->items[i]);

        if (bytes_starts_with(property, "group.id="))
            o->group = list->items[i] + strlen("group.id=");
        else if (bytes_equal(property, BYTES_LITERAL("auto.offset.reset=earliest")))
            from->earliest = true;
        else if (!bytes_equal(property, BYTES_LITERAL("auto.offset.reset=latest"))) {
            snprintf(why, FLAGS_WHY_BYTES,
                     "--consumer-property is group.id=name, auto.offset.reset=earliest or "
                     "auto.offset.reset=latest");
            return false;
        }
    }
    return true;
}

bool consume_options_parse(struct consume_options *o, int argc, char *const *argv,
                           char why[FLAGS_WHY_BYTES])
{
    struct beginning from = {0};
    struct flag_list properties = {0}, consumer_properties = {0};
    bool follow = false, json = false;
    const struct flag flags[] = {
        {.name = "--topic", .text = &o->topic},
        {.name = "--from-beginning", .set = &from.earliest},
        {.name = "--from-timestamp", .text = &from.time},
        {.name = "--partition", .number = &o->partition, .number_max = INT32_MAX},
        {.name = "--offset", .text = &from.offset},
        {.name = "--group", .text = &o->group},
        {.name = "--member", .text = &o->member},
        {.name = "--follow", .set = &follow},
        {.name = "--until-end", .set = &o->until_end},
        {.name = "--max-messages", .number = &o->max_messages, .number_max = INT64_MAX},
        {.name = "--timeout-ms", .number = &o->timeout_ms, .number_max = INT32_MAX},
        {.name = "--print-key", .set = &o->format.key},
        {.name = "--print-partition", .set = &o->format.partition},
        {.name = "--print-offset", .set = &o->format.offset},
        {.name = "--print-timestamp", .set = &o->format.timestamp},
        {.name = "--print-headers", .set = &o->format.headers},
        {.name = "--property", .list = &properties},
        {.name = "--consumer-property", .list = &consumer_properties},
        {.name = "--json", .set = &json},
        {.name = "--key-separator", .text = &o->format.key_separator},
        {.name = "--help", .set = &o->help},
    };
    int used = 0;

    *o = (struct consume_options){
        .partition = -1, .max_messages = -1, .timeout_ms = -1, .format.key_separator = "\t"};
    if (!flags_parse(flags, COUNT_OF(flags), argc, argv, &used, why))
        return false;
    if (o->help)
        return true;
    if (used < argc) {
        snprintf(why, FLAGS_WHY_BYTES, "unexpected argument '%s'", argv[used]);
        return false;
    }
    if (json)
        o->format.form = RECORD_JSON;
    return consume_options_properties(o, &properties, why) &&
           consume_options_consumer_properties(o, &from, &consumer_properties, why) &&
           consume_options_check(o, &from, follow, why);
}
