/* SPDX-License-Identifier: BSD-3-Clause */
/* Directives as variables of the environment. */
#include "unit/config/say.h"
#include <criterion/criterion.h>

static struct config c;
static bool to_the_end;

static void set_up(void)
{
    config_init(&c);
}

static void tear_down(void)
{
    config_deinit(&c);
}

TestSuite(environment, .init = set_up, .fini = tear_down);

static const char *read_variables(char *const *variables)
{
    struct buf why = {0};
    struct config_source s = {.config = &c, .to_the_end = to_the_end, .why = &why};

    return said(&why, config_read_environment(&s, variables));
}

#define READ(...) read_variables((char *const[]){__VA_ARGS__, NULL})

Test(environment, a_variable_sets_the_directive_of_its_name)
{
    cr_assert_str_eq(READ("PATH=/bin", "ECHOLOG_PORT=7", "ECHOLOG_LOG_RETENTION_MS=-1",
                          "ECHOLOG_BIND=10.0.0.1 -::1", "ECHOLOG_REQUIREPASS=a=b c"),
                     "");
    cr_assert(c.port == 7 && c.log_retention_ms == -1);
    cr_assert_str_eq(c.bind, "10.0.0.1 -::1");
    cr_assert_str_eq(c.requirepass, "a=b c");
    cr_assert_str_eq(READ("ECHOLOG_REQUIREPASS="), "");
    cr_assert_str_eq(c.requirepass, "");
}

Test(environment, every_directive_has_a_variable_of_its_own)
{
    for (size_t i = 0; i < config_table.count; i++)
        for (const char *at = config_table.items[i].name; *at != '\0'; at++)
            cr_assert((*at >= 'a' && *at <= 'z') || (*at >= '0' && *at <= '9') || *at == '-', "%s",
                      config_table.items[i].name);
}

Test(environment, errors_name_the_variable_and_the_nearest_one)
{
    cr_assert_str_eq(READ("ECHOLOG_PORT=x"),
                     "ECHOLOG_PORT 'x': argument couldn't be parsed into an integer");
    cr_assert_str_eq(READ("ECHOLOG_MAXCLIENT=5"),
                     "unknown variable 'ECHOLOG_MAXCLIENT'; did you mean 'ECHOLOG_MAXCLIENTS'?");
    cr_assert_str_eq(READ("ECHOLOG_LOG_RETENTION=5"),
                     "unknown variable 'ECHOLOG_LOG_RETENTION'; did you mean "
                     "'ECHOLOG_LOG_RETENTION_MS'?");
    cr_assert_str_eq(READ("ECHOLOG_=5"), "unknown variable 'ECHOLOG_'");
    cr_assert_str_eq(READ("ECHOLOG_A\nB=5"), "unknown variable 'ECHOLOG_A\\x0aB'");
    cr_assert_str_eq(READ("ECHOLOG_port=5"),
                     "unknown variable 'ECHOLOG_port'; they are written in capitals");
    cr_assert_str_eq(READ("ECHOLOG_INCLUDE=x"),
                     "ECHOLOG_INCLUDE: only a file or an option can include");
}

Test(environment, what_is_not_ours_is_passed_over)
{
    cr_assert_str_eq(READ("ECHOLOGCLI_AUTH=x", "echolog_port=1", "ECHOLOG=1", "ECHOLOG_X",
                          "XECHOLOG_PORT=1", ""),
                     "");
    cr_assert(c.port == CONFIG_PORT_DEFAULT);
}

Test(environment, the_names_of_our_programs_are_no_directives)
{
    cr_assert_str_eq(READ("ECHOLOG_SERVER=/x", "ECHOLOG_CLI=/y", "ECHOLOG_BENCH=", "ECHOLOG_DUMP=",
                          "ECHOLOG_VERSION=1.2", "ECHOLOG_SEED=5"),
                     "");
}

/* A service called "echolog" makes these in every container of its namespace. */
Test(environment, a_service_of_our_name_does_not_keep_a_server_from_starting)
{
    cr_assert_str_eq(READ("ECHOLOG_SERVICE_HOST=10.1.2.3", "ECHOLOG_SERVICE_PORT=3246",
                          "ECHOLOG_SERVICE_PORT_RESP=3246", "ECHOLOG_PORT=tcp://10.1.2.3:3246",
                          "ECHOLOG_PORT_3246_TCP=tcp://10.1.2.3:3246",
                          "ECHOLOG_PORT_3246_TCP_PROTO=tcp", "ECHOLOG_PORT_3246_TCP_PORT=3246",
                          "ECHOLOG_PORT_3246_TCP_ADDR=10.1.2.3", "ECHOLOG_NAME=/web/echolog"),
                     "");
    cr_assert(c.port == CONFIG_PORT_DEFAULT);
    cr_assert_str_eq(READ("ECHOLOG_PORT_=1"), "unknown variable 'ECHOLOG_PORT_'; did you mean "
                                              "'ECHOLOG_PORT'?");
}

/* Otherwise it could not be set this way. */
Test(environment, no_directive_is_taken_for_what_is_not_ours)
{
    for (size_t i = 0; i < config_table.count; i++) {
        struct buf name = {0};

        buf_append_string(&name, "ECHOLOG_");
        for (const char *at = config_table.items[i].name; *at != '\0'; at++)
            buf_append_char(&name, *at == '-' ? '_' : byte_upper(*at));
        cr_assert(!config_variable_is_foreign(buf_bytes(&name), BYTES_LITERAL("1")), "%s",
                  config_table.items[i].name);
        buf_deinit(&name);
    }
}

Test(environment, a_secret_is_not_repeated)
{
    char text[1000] = "ECHOLOG_REQUIREPASS=";

    memset(text + strlen(text), 'y', 600);
    cr_assert_str_eq(READ(text), "ECHOLOG_REQUIREPASS: argument must be at most 512 bytes long");
}

Test(environment, to_the_end_every_problem_is_told)
{
    to_the_end = true;
    cr_assert_str_eq(READ("ECHOLOG_PRT=1", "ECHOLOG_TIMEOUT=x", "ECHOLOG_MAXCLIENTS=5"),
                     "unknown variable 'ECHOLOG_PRT'; did you mean 'ECHOLOG_PORT'?\n"
                     "ECHOLOG_TIMEOUT 'x': argument couldn't be parsed into an integer");
    cr_assert(c.maxclients == 5);
}
