/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/mem.h"
#include "config/directive.h"
#include <criterion/criterion.h>

struct pair {
    int64_t left, right;
};

struct values {
    int64_t count;
    int64_t bytes;
    int64_t limit;
    bool on;
    bool truth;
    char *name;
    char *checked;
    int colour;
    struct pair *pair; /* owned */
};

static enum err check_lower(struct bytes text, struct buf *why)
{
    if (text.len > 0 && text.data[0] >= 'a' && text.data[0] <= 'z')
        return ERR_OK;
    buf_append_string(why, "argument must begin in lower case");
    return ERR_INVALID;
}

/* "left" and "right" as one letter each. */
static enum err pair_parse(void *target, struct bytes text, struct buf *why)
{
    struct pair **pair = target;

    if (text.len != 2) {
        buf_append_string(why, "argument must be a pair");
        return ERR_INVALID;
    }
    mem_free(*pair);
    *pair = mem_zalloc(1, sizeof(**pair));
    (*pair)->left = text.data[0];
    (*pair)->right = text.data[1];
    return ERR_OK;
}

static void pair_format(const void *source, struct buf *text)
{
    const struct pair *pair = *(struct pair *const *)source;

    buf_append_char(text, (char)pair->left);
    buf_append_char(text, (char)pair->right);
}

static void pair_release(void *target)
{
    mem_free(*(struct pair **)target);
}

enum { RED = 7, BLUE = 3 };
static const struct directive_word colours[] = {{"red", RED}, {"blue", BLUE}, {NULL, 0}};

enum item { COUNT, BYTES, LIMIT, ON, TRUTH, NAME, CHECKED, COLOUR, PAIR };

static const struct directive items[] = {
    [COUNT] = {.name = "count",
               .type = DIRECTIVE_INT,
               .field = offsetof(struct values, count),
               .initial = "5",
               .min = -3,
               .max = 70},
    [BYTES] = {.name = "bytes",
               .alias = "octets",
               .type = DIRECTIVE_SIZE,
               .field = offsetof(struct values, bytes),
               .initial = "2kb",
               .min = 0,
               .max = INT64_MAX},
    [LIMIT] = {.name = "limit",
               .type = DIRECTIVE_SIZE,
               .field = offsetof(struct values, limit),
               .initial = "-1",
               .min = -1,
               .max = 1000},
    [ON] = {.name = "on",
            .type = DIRECTIVE_BOOL,
            .field = offsetof(struct values, on),
            .initial = "yes"},
    [TRUTH] = {.name = "truth",
               .type = DIRECTIVE_BOOL,
               .flags = DIRECTIVE_TRUE_FALSE,
               .field = offsetof(struct values, truth),
               .initial = "false"},
    [NAME] = {.name = "name",
              .type = DIRECTIVE_STRING,
              .field = offsetof(struct values, name),
              .initial = "",
              .max = 8},
    [CHECKED] = {.name = "checked",
                 .type = DIRECTIVE_STRING,
                 .field = offsetof(struct values, checked),
                 .initial = "a",
                 .check = check_lower},
    [COLOUR] = {.name = "colour",
                .type = DIRECTIVE_ENUM,
                .field = offsetof(struct values, colour),
                .initial = "blue",
                .words = colours},
    [PAIR] = {.name = "pair",
              .type = DIRECTIVE_CUSTOM,
              .field = offsetof(struct values, pair),
              .initial = "xy",
              .parse = pair_parse,
              .format = pair_format,
              .release = pair_release,
              .size = sizeof(struct pair *)},
};
static const struct directive_table table = {items, COUNT_OF(items)};

static struct values initialised(void)
{
    struct values v;

    memset(&v, 0xa5, sizeof(v)); /* what an uninitialised struct may hold */
    directives_init(&table, &v);
    return v;
}

static bool text_is(struct buf *text, const char *expected)
{
    bool is = bytes_equal(buf_bytes(text), bytes_of_string(expected));

    if (!is)
        cr_log_error("'%.*s' instead of '%s'", (int)text->len, text->data, expected);
    buf_deinit(text);
    return is;
}

static bool reads(const struct values *v, enum item item, const char *expected)
{
    struct buf text = {0};

    directive_get(&items[item], v, &text);
    return text_is(&text, expected);
}

static bool accepts(struct values *v, enum item item, const char *text)
{
    struct buf why = {0};
    enum err err = directive_set(&items[item], v, bytes_of_string(text), &why);

    return text_is(&why, "") && err == ERR_OK;
}

static bool refuses_bytes(enum item item, struct bytes text, const char *expected)
{
    struct values v = initialised();
    struct values before = initialised();
    struct buf why = {0};
    enum err err = directive_set(&items[item], &v, text, &why);
    bool unchanged = true;

    for (size_t i = 0; i < table.count; i++)
        unchanged = unchanged && directive_equal(&items[i], &v, &before);
    directives_deinit(&table, &v);
    directives_deinit(&table, &before);
    return text_is(&why, expected) && err == ERR_INVALID && unchanged;
}

static bool refuses(enum item item, const char *text, const char *expected)
{
    return refuses_bytes(item, bytes_of_string(text), expected);
}

Test(directive, init_gives_every_field_its_default)
{
    struct values v = initialised();

    cr_assert(v.count == 5);
    cr_assert(v.bytes == 2048);
    cr_assert(v.limit == -1);
    cr_assert(v.on);
    cr_assert(!v.truth);
    cr_assert_str_eq(v.name, "");
    cr_assert_str_eq(v.checked, "a");
    cr_assert(v.colour == BLUE);
    cr_assert(v.pair->right == 'y');
    directives_deinit(&table, &v);
}

Test(directive, each_type_reads_what_it_prints)
{
    static const char *const texts[] = {
        [COUNT] = "-3",   [BYTES] = "77",  [LIMIT] = "-1",   [ON] = "no",   [TRUTH] = "true",
        [NAME] = "a b\n", [CHECKED] = "z", [COLOUR] = "red", [PAIR] = "pq",
    };
    struct values v = initialised();

    for (size_t i = 0; i < COUNT_OF(items); i++) {
        cr_assert(accepts(&v, (enum item)i, texts[i]));
        cr_assert(reads(&v, (enum item)i, texts[i]));
    }
    directives_deinit(&table, &v);
}

Test(directive, words_are_accepted_in_any_case)
{
    struct values v = initialised();

    cr_assert(accepts(&v, ON, "NO"));
    cr_assert(reads(&v, ON, "no"));
    cr_assert(accepts(&v, TRUTH, "True"));
    cr_assert(reads(&v, TRUTH, "true"));
    cr_assert(accepts(&v, COLOUR, "RED"));
    cr_assert(v.colour == RED);
    directives_deinit(&table, &v);
}

Test(directive, a_size_has_units_and_prints_bytes)
{
    struct values v = initialised();

    cr_assert(accepts(&v, BYTES, "3MB"));
    cr_assert(reads(&v, BYTES, "3145728"));
    cr_assert(accepts(&v, BYTES, "3m"));
    cr_assert(reads(&v, BYTES, "3000000"));
    directives_deinit(&table, &v);
}

Test(directive, the_limits_of_a_number_are_inclusive)
{
    struct values v = initialised();

    cr_assert(accepts(&v, COUNT, "-3"));
    cr_assert(accepts(&v, COUNT, "70"));
    cr_assert(accepts(&v, LIMIT, "1000"));
    directives_deinit(&table, &v);
    cr_assert(refuses(COUNT, "-4", "argument must be between -3 and 70 inclusive"));
    cr_assert(refuses(COUNT, "71", "argument must be between -3 and 70 inclusive"));
    cr_assert(refuses(LIMIT, "1kb", "argument must be between -1 and 1000 inclusive"));
    cr_assert(refuses(LIMIT, "-2", "argument must be between -1 and 1000 inclusive"));
}

Test(directive, a_value_of_another_type_is_refused_in_the_words_of_redis)
{
    cr_assert(refuses(COUNT, "five", "argument couldn't be parsed into an integer"));
    cr_assert(refuses(COUNT, "", "argument couldn't be parsed into an integer"));
    cr_assert(refuses(COUNT, "5x", "argument couldn't be parsed into an integer"));
    cr_assert(refuses(COUNT, "05", "argument couldn't be parsed into an integer"));
    cr_assert(
        refuses(COUNT, "99999999999999999999", "argument couldn't be parsed into an integer"));
    cr_assert(refuses(BYTES, "10xb", "argument must be a memory value"));
    cr_assert(refuses(BYTES, "-1", "argument must be a memory value"));
    cr_assert(refuses(ON, "true", "argument must be 'yes' or 'no'"));
    cr_assert(refuses(TRUTH, "yes", "argument must be 'true' or 'false'"));
    cr_assert(refuses(COLOUR, "green", "argument(s) must be one of the following: red, blue"));
    cr_assert(refuses(PAIR, "x", "argument must be a pair"));
}

Test(directive, a_string_is_bounded_checked_and_has_no_zero_byte)
{
    struct values v = initialised();

    cr_assert(accepts(&v, NAME, "12345678"));
    directives_deinit(&table, &v);
    cr_assert(refuses(NAME, "123456789", "argument must be at most 8 bytes long"));
    cr_assert(refuses(CHECKED, "Abc", "argument must begin in lower case"));
    cr_assert(refuses_bytes(NAME, BYTES_LITERAL("a\0b"), "argument must not contain a zero byte"));
}

Test(directive, a_string_may_be_empty_whatever_its_bytes_point_to)
{
    struct values v = initialised();
    struct buf why = {0};

    cr_assert(accepts(&v, NAME, "full"));
    cr_assert(directive_set(&items[NAME], &v, BYTES_NULL, &why) == ERR_OK);
    cr_assert_str_eq(v.name, "");
    directives_deinit(&table, &v);
}

Test(directive, a_copy_shares_nothing_with_its_original)
{
    struct values v = initialised(), copy;

    cr_assert(accepts(&v, NAME, "first"));
    cr_assert(accepts(&v, PAIR, "pq"));
    memset(&copy, 0xa5, sizeof(copy));
    directives_copy(&table, &copy, &v);
    cr_assert(accepts(&v, NAME, "second"));
    cr_assert(accepts(&v, PAIR, "rs"));
    directives_deinit(&table, &v);

    cr_assert_str_eq(copy.name, "first");
    cr_assert(copy.pair->left == 'p');
    cr_assert(copy.bytes == 2048);
    directives_deinit(&table, &copy);
}

Test(directive, equal_compares_the_one_field)
{
    struct values a = initialised(), b = initialised();

    cr_assert(accepts(&a, COUNT, "6"));
    cr_assert(accepts(&a, NAME, "x"));
    cr_assert(!directive_equal(&items[COUNT], &a, &b));
    cr_assert(!directive_equal(&items[NAME], &a, &b));
    cr_assert(directive_equal(&items[BYTES], &a, &b));
    cr_assert(directive_equal(&items[PAIR], &a, &b));
    directives_deinit(&table, &a);
    directives_deinit(&table, &b);
}

static bool finds(const char *name, const struct directive *expected)
{
    return directive_find(&table, bytes_of_string(name)) == expected;
}

Test(directive, find_knows_names_and_aliases_in_any_case)
{
    cr_assert(finds("COUNT", &items[COUNT]));
    cr_assert(finds("Octets", &items[BYTES]));
    cr_assert(finds("coun", NULL));
    cr_assert(finds("", NULL));
}

Test(directive, nearest_suggests_what_was_meant_and_nothing_far_off)
{
    cr_assert_str_eq(directive_nearest(&table, BYTES_LITERAL("cuont")), "count");
    cr_assert_str_eq(directive_nearest(&table, BYTES_LITERAL("octet")), "octets");
    cr_assert_null(directive_nearest(&table, BYTES_LITERAL("maxmemory-policy")));
}
