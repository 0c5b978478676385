/* SPDX-License-Identifier: BSD-3-Clause */
/* The command line. */
#include "bench/options.h"
#include "bench/scenario.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

struct parsed {
    struct options o;
    char why[FLAGS_WHY_BYTES];
    bool good;
};

#define PARSE(...) \
    parse((char *const[]){__VA_ARGS__, NULL}, sizeof((char *[]){__VA_ARGS__}) / sizeof(char *))

static struct parsed parse(char *const *argv, size_t argc)
{
    struct parsed p = {0};

    p.good = options_parse(&p.o, (int)argc, argv, p.why);
    return p;
}

Test(options, a_scenario_takes_options_on_both_sides)
{
    struct parsed p = PARSE("-p", "7000", "fan-out", "--subscribers=10", "-t", "0.5", "--json");

    cr_assert(p.good, "%s", p.why);
    cr_expect_str_eq(p.o.scenario, "fan-out");
    cr_expect_eq(p.o.port, 7000);
    cr_expect_eq(p.o.subscribers, 10);
    cr_expect_eq(p.o.seconds_us, 500000);
    cr_expect(p.o.json);
}

Test(options, a_command_takes_all_words_behind_it)
{
    struct parsed p = PARSE("-c", "3", "PRODUCE", "t", "--size", "-c", "{payload}");

    cr_assert(p.good, "%s", p.why);
    cr_expect_null(p.o.scenario);
    cr_expect_eq(p.o.connections, 3);
    cr_expect_eq(p.o.word_count, 5);
    cr_expect_str_eq(p.o.words[2], "--size");
    cr_expect_eq(p.o.size, 100);
}

Test(options, what_is_not_given_is_the_scenarios_own)
{
    struct parsed p = PARSE("ping");

    cr_assert(p.good, "%s", p.why);
    cr_expect_eq(p.o.connections, OPTIONS_SCENARIO_OWN);
    cr_expect_eq(p.o.depth, OPTIONS_SCENARIO_OWN);
    cr_expect_eq(p.o.requests, OPTIONS_SCENARIO_OWN);
    cr_expect_null(p.o.topic);
}

Test(options, a_misspelt_scenario_is_no_command)
{
    struct parsed p = PARSE("publsh", "-t", "1");

    cr_expect_not(p.good);
    cr_expect(strstr(p.why, "publish") != NULL, "%s", p.why);
}

Test(options, nothing_to_do_and_too_much_to_do_are_refused)
{
    cr_expect_not(PARSE("-p", "7000").good);
    cr_expect_not(PARSE("ping", "publish").good);
    cr_expect_not(PARSE("ping", "--depth", "0").good);
    cr_expect_not(PARSE("--deepth", "1", "ping").good);
}

Test(options, help_names_every_scenario_and_needs_none)
{
    struct parsed p = PARSE("--help");
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    cr_assert(p.good && p.o.help);
    options_print_help(out);
    fclose(out);
    for (size_t i = 0; scenario_name(i) != NULL; i++)
        cr_expect(strstr(text, scenario_name(i)) != NULL, "%s", scenario_name(i));
    free(text);
}
