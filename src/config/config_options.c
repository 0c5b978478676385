/* SPDX-License-Identifier: BSD-3-Clause */
/* Directives on the command line and in the environment. */
#include "base/mem.h"
#include "config/config_place.h"
#include "config/quote.h"
#include "config/words.h"

/* --- the command line ------------------------------------------------------------------------- */

static bool is_option(const char *word)
{
    return strncmp(word, "--", 2) == 0;
}

/* Takes one option with its words, from *at on. */
static enum err read_option(struct config_source *s, int argc, char *const *argv, int *at)
{
    const struct place place = {.kind = PLACE_OPTION};
    struct bytes words[WORDS_MAX];
    struct bytes option = bytes_of_string(argv[*at]);
    size_t count = 0;

    if (!is_option(argv[(*at)++])) {
        place_begin_problem(s, &place);
        buf_append_char(s->why, '\'');
        quote_append(s->why, option);
        buf_append_string(s->why, "' is not an option: they begin with --");
        return ERR_INVALID;
    }
    for (; *at < argc && !is_option(argv[*at]); (*at)++) {
        if (count < WORDS_MAX)
            words[count] = bytes_of_string(argv[*at]);
        count++;
    }
    if (count > WORDS_MAX) {
        place_begin_problem(s, &place);
        quote_append(s->why, option);
        buf_printf(s->why, ": more than %d words", WORDS_MAX);
        return ERR_INVALID;
    }
    return place_apply(s, &place, bytes_of(option.data + 2, option.len - 2), words, count);
}

enum err config_read_options(struct config_source *s, int argc, char *const *argv)
{
    enum err err = ERR_OK;
    for (int i = 0; (err == ERR_OK || s->to_the_end) && i < argc;)
        if (read_option(s, argc, argv, &i) != ERR_OK)
            err = ERR_INVALID;
    return err;
}

/* --- the environment -------------------------------------------------------------------------- */

/* Ours, but not the server's configuration: where its programs are, which build it is, and what
 * chance in our tests begins with. */
static const char *const not_directives[] = {
    "ECHOLOG_BENCH", "ECHOLOG_CLI",    "ECHOLOG_DUMP",
    "ECHOLOG_SEED",  "ECHOLOG_SERVER", "ECHOLOG_VERSION",
};

static bool is_exactly(struct bytes a, const char *b)
{
    return bytes_equal(a, bytes_of_string(b));
}

/* What Kubernetes, and Docker's links, tell every container of a service called "echolog". */
static bool is_of_a_service(struct bytes name, struct bytes value)
{
    static const char ports[] = "ECHOLOG_PORT_";
    if (is_exactly(name, "ECHOLOG_SERVICE_HOST") ||
        bytes_starts_with(name, "ECHOLOG_SERVICE_PORT") ||
        bytes_starts_with(name, "ECHOLOG_ENV_") || is_exactly(name, "ECHOLOG_NAME"))
        return true;
    if (bytes_starts_with(name, ports))
        return name.len >= sizeof(ports) && name.data[sizeof(ports) - 1] >= '0' &&
               name.data[sizeof(ports) - 1] <= '9';
    return is_exactly(name, "ECHOLOG_PORT") &&
           (bytes_starts_with(value, "tcp://") || bytes_starts_with(value, "udp://"));
}

bool config_variable_is_foreign(struct bytes name, struct bytes value)
{
    for (size_t i = 0; i < COUNT_OF(not_directives); i++)
        if (is_exactly(name, not_directives[i]))
            return true;
    return is_of_a_service(name, value);
}

/* The directive's name of a variable's; null when it cannot be one. `to` has room for it. */
static struct bytes directive_name(struct bytes variable, char *to)
{
    size_t prefix_len = strlen(CONFIG_VARIABLE_PREFIX);
    for (size_t i = prefix_len; i < variable.len; i++) {
        char c = variable.data[i];
        to[i - prefix_len] = c == '_' ? '-' : byte_lower(c);
    }
    return bytes_of(to, variable.len - prefix_len);
}

/* Small letters are another variable's. */
static bool is_upper(struct bytes name)
{
    for (size_t i = 0; i < name.len; i++)
        if (name.data[i] != byte_upper(name.data[i]))
            return false;
    return true;
}

static enum err read_variable(struct config_source *s, struct bytes name, struct bytes value)
{
    const struct place place = {.kind = PLACE_VARIABLE};
    char *text = mem_alloc(name.len + 1);
    struct bytes directive = directive_name(name, text);
    enum err err = ERR_INVALID;

    if (!is_upper(name)) {
        place_begin_problem(s, &place);
        buf_append_string(s->why, "unknown variable '");
        quote_append(s->why, name);
        buf_append_string(s->why, "'; they are written in capitals");
    } else if (bytes_is(directive, "include")) {
        place_begin_problem(s, &place);
        place_name(&place, directive, s->why);
        buf_append_string(s->why, ": only a file or an option can include");
    } else if (directive_find(&config_table, directive) == NULL) {
        place_unknown(s, &place, directive);
    } else {
        err = place_apply(s, &place, directive, &value, 1);
    }
    mem_free(text);
    return err;
}

enum err config_read_environment(struct config_source *s, char *const *environment)
{
    enum err err = ERR_OK;
    for (; (err == ERR_OK || s->to_the_end) && *environment != NULL; environment++) {
        struct bytes variable = bytes_of_string(*environment);
        const char *end = memchr(variable.data, '=', variable.len);
        if (!bytes_starts_with(variable, CONFIG_VARIABLE_PREFIX) || end == NULL)
            continue;
        struct bytes name = bytes_of(variable.data, (size_t)(end - variable.data));
        struct bytes value = bytes_of(end + 1, variable.len - name.len - 1);
        if (!config_variable_is_foreign(name, value) && read_variable(s, name, value) != ERR_OK)
            err = ERR_INVALID;
    }
    return err;
}
