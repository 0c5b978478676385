/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/produce_options.h"
#include "base/bytes.h"
#include <stdio.h>
#include <strings.h>

#define RATE_MAX 1000000

static bool is_ack_level(const char *text)
{
    return strcasecmp(text, "none") == 0 || strcasecmp(text, "written") == 0 ||
           strcasecmp(text, "synced") == 0;
}

/* "acks=all" of Kafka's producer, as a level. */
static bool produce_options_producer_property(struct produce_options *o, const char *property)
{
    static const struct {
        const char *property, *level;
    } levels[] = {
        {"acks=0", "none"}, {"acks=1", "written"}, {"acks=all", "synced"}, {"acks=-1", "synced"}};

    for (size_t i = 0; i < COUNT_OF(levels); i++) {
        if (strcmp(property, levels[i].property) == 0) {
            o->ack = levels[i].level;
            return true;
        }
    }
    return false;
}

static bool set_switch(bool *to, const char *value)
{
    *to = strcmp(value, "true") == 0;
    return *to || strcmp(value, "false") == 0;
}

/* One of Kafka's, as name=value. */
static bool produce_options_property(struct produce_layout *l, const char *property)
{
    const struct {
        const char *name;
        bool *on;
        const char **text;
    } properties[] = {
        {"parse.key", &l->key, NULL},
        {"parse.headers", &l->headers, NULL},
        {"key.separator", NULL, &l->key_separator},
        {"headers.delimiter", NULL, &l->headers_delimiter},
        {"headers.separator", NULL, &l->headers_separator},
        {"headers.key.separator", NULL, &l->headers_key_separator},
        {"null.marker", NULL, &l->null_marker},
    };
    const char *value = strchr(property, '=');

    if (value == NULL)
        return false;
    struct bytes name = bytes_of(property, (size_t)(value++ - property));
    for (size_t i = 0; i < COUNT_OF(properties); i++) {
        if (!bytes_equal(name, bytes_of_string(properties[i].name)))
            continue;
        if (properties[i].on != NULL)
            return set_switch(properties[i].on, value);
        *properties[i].text = value;
        return true;
    }
    return false;
}

static bool has_empty_separator(const struct produce_layout *l)
{
    return l->headers_delimiter[0] == '\0' || l->headers_separator[0] == '\0' ||
           l->headers_key_separator[0] == '\0';
}

static bool produce_options_check(struct produce_options *o, char *why)
{
    struct produce_layout *l = &o->layout;
    const char *wrong = NULL;

    if (o->topic == NULL || o->topic[0] == '\0')
        wrong = "--topic is missing";
    else if (o->ack != NULL && !is_ack_level(o->ack))
        wrong = "--ack is none, written or synced";
    else if (l->key_separator != NULL && !l->key)
        wrong = "--key-separator needs --parse-key";
    else if (l->key_separator != NULL && l->key_separator[0] == '\0')
        wrong = "--key-separator must not be empty";
    else if (has_empty_separator(l))
        wrong = "a separator of headers must not be empty";
    else if (l->null_marker != NULL && !l->key)
        wrong = "--null-marker needs --parse-key: a tombstone is of a key";
    else if (l->key && o->partition >= 0)
        wrong = "--partition and --parse-key exclude each other: a key has its partition";
    if (wrong != NULL)
        snprintf(why, FLAGS_WHY_BYTES, "%s", wrong);
    if (l->key_separator == NULL)
        l->key_separator = "\t";
    return wrong == NULL;
}

bool produce_options_parse(struct produce_options *o, int argc, char *const *argv,
                           char why[FLAGS_WHY_BYTES])
{
    struct flag_list properties = {0}, producer_properties = {0};
    const struct flag flags[] = {
        {.name = "--topic", .text = &o->topic},
        {.name = "--file", .text = &o->file},
        {.name = "--parse-key", .set = &o->layout.key},
        {.name = "--key-separator", .text = &o->layout.key_separator},
        {.name = "--parse-headers", .set = &o->layout.headers},
        {.name = "--null-marker", .text = &o->layout.null_marker},
        {.name = "--property", .list = &properties},
        {.name = "--producer-property", .list = &producer_properties},
        {.name = "--ack", .text = &o->ack},
        {.name = "--partition", .number = &o->partition, .number_max = INT32_MAX},
        {.name = "--rate", .number = &o->rate, .number_min = 1, .number_max = RATE_MAX},
        {.name = "--help", .set = &o->help},
    };
    int used = 0;

    *o = (struct produce_options){.partition = -1,
                                  .layout = {.headers_delimiter = "\t",
                                             .headers_separator = ",",
                                             .headers_key_separator = ":"}};
    if (!flags_parse(flags, COUNT_OF(flags), argc, argv, &used, why))
        return false;
    if (o->help)
        return true;
    if (used < argc) {
        snprintf(why, FLAGS_WHY_BYTES, "unexpected argument '%s'", argv[used]);
        return false;
    }
    for (size_t i = 0; i < properties.count; i++) {
        if (!produce_options_property(&o->layout, properties.items[i])) {
            snprintf(why, FLAGS_WHY_BYTES, "--property: '%s' is not known", properties.items[i]);
            return false;
        }
    }
    for (size_t i = 0; i < producer_properties.count; i++) {
        if (!produce_options_producer_property(o, producer_properties.items[i])) {
            snprintf(why, FLAGS_WHY_BYTES, "--producer-property is acks=0, acks=1 or acks=all");
            return false;
        }
    }
    return produce_options_check(o, why);
}
