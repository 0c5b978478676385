/* SPDX-License-Identifier: BSD-3-Clause */
/* groups: from its options to what is asked and printed. */
#include "cli/moment.h"
#include "cli/tool_groups.h"
#include "tool_run.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <unistd.h>

static char why[FLAGS_WHY_BYTES];

#define PARSE(o, ...)                                                 \
    groups_options_parse(o, (int)COUNT_OF(((char *[]){__VA_ARGS__})), \
                         (char *const[]){__VA_ARGS__}, why)

#define RUN(r, ...)                                         \
    do {                                                    \
        struct groups_options options;                      \
        cr_assert(PARSE(&options, __VA_ARGS__), "%s", why); \
        groups_run(&(r)->tool, &options);                   \
        tool_run_ended(r);                                  \
    } while (0)

#define RESET "--reset-offsets", "--group", "g", "--topic", "t"
#define COMMITTED \
    "*1\r\n%3\r\n$5\r\ntopic\r\n$1\r\nt\r\n$9\r\npartition\r\n:0\r\n$9\r\ncommitted\r\n:5\r\n"
#define HEADINGS "group  topic  partition  offset  new-offset\n"

Test(groups_options, what_makes_no_sense_is_refused)
{
    struct groups_options o;

    cr_expect(!PARSE(&o, "--group", "g"));
    cr_expect_str_eq(
        why, "one of --list, --describe, --reset-offsets, --delete-offsets and --delete is needed");
    cr_expect(!PARSE(&o, "--describe"));
    cr_expect_str_eq(why, "--group is missing");
    cr_expect(!PARSE(&o, "--delete", "--group", "g", "--all-groups"));
    cr_expect(!PARSE(&o, "--list", "--group", "g"));
    cr_expect(!PARSE(&o, "--describe", "--group", "g", "--verbose"));
    cr_expect(!PARSE(&o, "--describe", "--group", "g", "--members", "--state"));
    cr_expect(!PARSE(&o, "--list", "--members"));
    cr_expect(!PARSE(&o, "--reset-offsets", "--group", "g", "--to-latest"));
    cr_expect_str_eq(why, "--reset-offsets needs --topic or --all-topics");
    cr_expect(!PARSE(&o, RESET, "--all-topics", "--to-latest"));
    cr_expect(!PARSE(&o, RESET));
    cr_expect(!PARSE(&o, RESET, "--to-latest", "--to-earliest"));
    cr_expect(!PARSE(&o, RESET, "--to-offset", "-1"));
    cr_expect(!PARSE(&o, RESET, "--to-datetime", "soon"));
    cr_expect(!PARSE(&o, RESET, "--shift-by", "x"));
    cr_expect(!PARSE(&o, RESET, "--to-latest", "--dry-run", "--execute"));
    cr_expect(!PARSE(&o, RESET, "--by-duration", "2026-01-31"));
    cr_expect(!PARSE(&o, RESET, "--from-file", "f"));
    cr_expect_str_eq(why, "--from-file names the topics itself");
    cr_expect(!PARSE(&o, RESET, "--group", "h", "--to-latest", "--export"));
    cr_expect(!PARSE(&o, "--list", "--execute"));
    cr_expect(!PARSE(&o, "--describe", "--group", "g", "--topic", "t"));
    cr_expect(!PARSE(&o, "--describe", "--group", "g", "--to-latest"));
    cr_expect(!PARSE(&o, "--delete-offsets", "--group", "g"));
    cr_expect_str_eq(why, "--delete-offsets needs --topic");
    cr_expect(!PARSE(&o, "--delete-offsets", "--all-groups", "--topic", "t"));
}

Test(groups_options, places_are_read)
{
    struct groups_options o;

    cr_assert(PARSE(&o, RESET, "--shift-by", "-5"));
    cr_expect_eq(o.place.to, GROUPS_SHIFT);
    cr_expect_eq(o.place.value, -5);
    cr_assert(PARSE(&o, RESET, "--to-datetime", "1970-01-01T00:00:01", "--execute"));
    cr_expect_eq(o.place.to, GROUPS_TO_TIME);
    cr_expect_eq(o.place.value, 1000);
    cr_expect(o.execute);
    cr_assert(PARSE(&o, RESET, "--by-duration", "PT1H"));
    cr_expect_eq(o.place.to, GROUPS_TO_TIME);
    int64_t ago_ms = moment_now_ms() - o.place.value;
    cr_expect(ago_ms >= 3600000 && ago_ms < 3600000 + 600000, "%lld", (long long)ago_ms);
    cr_assert(PARSE(&o, RESET, "--to-current"));
    cr_expect_eq(o.place.to, GROUPS_TO_CURRENT);
    cr_assert(PARSE(&o, "--reset-offsets", "--group", "g", "--from-file", "f"));
    cr_expect_str_eq(o.from_file, "f");
}

Test(groups, a_dry_run_asks_and_moves_nothing)
{
    struct tool_run r;

    tool_run_open(&r);
    peer_answers(&r.peer, COMMITTED);
    peer_answers(&r.peer, "*2\r\n*3\r\n:0\r\n:9\r\n:-1\r\n*3\r\n:1\r\n:4\r\n:-1\r\n");
    peer_serves(&r.peer, false);
    RUN(&r, RESET, "--to-latest");
    cr_expect_eq(r.tool.status, EXIT_STATUS_OK);
    cr_expect_str_eq(r.printed, HEADINGS "g      t              0       5           9\n"
                                         "g      t              1       -           4\n");
    cr_expect_str_eq(r.report, "Nothing was changed: --execute does it.\n");
    cr_expect_str_eq(peer_received(&r.peer),
                     "*3 $5 GROUP $7 OFFSETS $1 g *4 $5 TOPIC $7 OFFSETS $1 t $6 LATEST ");
    tool_run_close(&r);
}

static void shift(char *by, const char *expected)
{
    struct tool_run r;

    tool_run_open(&r);
    peer_answers(&r.peer, COMMITTED);
    peer_answers(&r.peer, "*1\r\n*3\r\n:0\r\n:2\r\n:-1\r\n");
    peer_answers(&r.peer, "*1\r\n*3\r\n:0\r\n:9\r\n:-1\r\n");
    peer_serves(&r.peer, false);
    RUN(&r, RESET, "--shift-by", by);
    cr_expect_str_eq(strrchr(r.printed, ' ') + 1, expected, "%s: %s", by, r.printed);
    tool_run_close(&r);
}

Test(groups, a_shift_stays_in_the_log)
{
    shift("1", "6\n");
    shift("-2", "3\n");
    shift("-4", "2\n");
    shift("5", "9\n");
    shift("9223372036854775807", "9\n");
    shift("-9223372036854775808", "2\n");
}

Test(groups, an_offset_that_is_not_there_is_an_error)
{
    struct tool_run r;

    tool_run_open(&r);
    peer_answers(&r.peer, "-UNKNOWNGROUP there is no group 'g'\r\n");
    peer_answers(&r.peer, "*2\r\n*3\r\n:0\r\n:2\r\n:-1\r\n*3\r\n:1\r\n:0\r\n:-1\r\n");
    peer_answers(&r.peer, "*2\r\n*3\r\n:0\r\n:9\r\n:-1\r\n*3\r\n:1\r\n:3\r\n:-1\r\n");
    peer_serves(&r.peer, false);
    RUN(&r, RESET, "--to-offset", "7");
    cr_expect_eq(r.tool.status, EXIT_STATUS_REFUSED);
    cr_expect_str_eq(r.printed, HEADINGS "g      t              0       -           7\n");
    cr_expect(strstr(r.report, "Error: t/1 has no offset 7: it begins at 0 and ends before 3\n"));
    tool_run_close(&r);
}

Test(groups, execute_moves_the_partitions_that_are_named)
{
    struct tool_run r;

    tool_run_open(&r);
    peer_answers(&r.peer, COMMITTED);
    peer_answers(&r.peer, "*1\r\n*3\r\n$1\r\nt\r\n:0\r\n:8\r\n");
    peer_answers(&r.peer, "-GROUPACTIVE no\r\n");
    peer_serves(&r.peer, false);
    RUN(&r, "--reset-offsets", "--group", "g", "--topic", "t:0,3", "--shift-by", "3", "--execute");
    cr_expect_eq(r.tool.status, EXIT_STATUS_REFUSED);
    cr_expect_str_eq(r.printed, HEADINGS "g      t              0       5           8\n");
    cr_expect_str_eq(r.report, "Error: GROUPACTIVE no\n");
    cr_expect_str_eq(peer_received(&r.peer),
                     "*3 $5 GROUP $7 OFFSETS $1 g "
                     "*8 $5 GROUP $4 SEEK $1 g $1 t $1 0 $2 TO $5 SHIFT $1 3 "
                     "*8 $5 GROUP $4 SEEK $1 g $1 t $1 3 $2 TO $5 SHIFT $1 3 ");
    tool_run_close(&r);
}

Test(groups, all_topics_are_those_with_committed_offsets)
{
    struct tool_run r;

    tool_run_open(&r);
    peer_answers(&r.peer, COMMITTED);
    peer_answers(&r.peer, "*1\r\n*3\r\n$1\r\nt\r\n:0\r\n:0\r\n");
    peer_serves(&r.peer, false);
    RUN(&r, "--reset-offsets", "--group", "g", "--all-topics", "--to-datetime", "1", "--execute");
    cr_expect_eq(r.tool.status, EXIT_STATUS_OK);
    cr_expect_str_eq(peer_received(&r.peer), "*3 $5 GROUP $7 OFFSETS $1 g "
                                             "*6 $5 GROUP $4 SEEK $1 g $1 t $2 TO $2 @1 ");
    tool_run_close(&r);
}

Test(groups, the_current_place_is_what_is_committed_or_else_the_end)
{
    struct tool_run r;

    tool_run_open(&r);
    peer_answers(&r.peer, COMMITTED);
    peer_answers(&r.peer, "*2\r\n*3\r\n:0\r\n:9\r\n:-1\r\n*3\r\n:1\r\n:4\r\n:-1\r\n");
    peer_answers(&r.peer, "*1\r\n*3\r\n$1\r\nt\r\n:0\r\n:5\r\n");
    peer_answers(&r.peer, "*1\r\n*3\r\n$1\r\nt\r\n:1\r\n:4\r\n");
    peer_serves(&r.peer, false);
    RUN(&r, RESET, "--to-current", "--execute", "--export");
    cr_expect_eq(r.tool.status, EXIT_STATUS_OK);
    cr_expect_str_eq(r.printed, "t,0,5\nt,1,4\n");
    cr_expect_str_eq(peer_received(&r.peer),
                     "*3 $5 GROUP $7 OFFSETS $1 g *4 $5 TOPIC $7 OFFSETS $1 t $6 LATEST "
                     "*7 $5 GROUP $4 SEEK $1 g $1 t $1 0 $2 TO $1 5 "
                     "*7 $5 GROUP $4 SEEK $1 g $1 t $1 1 $2 TO $1 4 ");
    tool_run_close(&r);
}

/* A file that holds this; the caller deletes it. */
static char *file_with(const char *text)
{
    char *path = strdup("/tmp/echolog-test-XXXXXX");
    int fd = mkstemp(path);

    cr_assert_geq(fd, 0);
    cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    return path;
}

static void from_file(const char *text, const char *report, const char *received)
{
    struct tool_run r;
    char *path = file_with(text);

    tool_run_open(&r);
    peer_answers(&r.peer, COMMITTED);
    peer_answers(&r.peer, "*1\r\n*3\r\n$1\r\nt\r\n:0\r\n:7\r\n");
    peer_answers(&r.peer, "*1\r\n*3\r\n$1\r\nu\r\n:3\r\n:0\r\n");
    peer_serves(&r.peer, false);
    RUN(&r, "--reset-offsets", "--group", "g", "--from-file", path, "--execute");
    cr_expect_str_eq(r.report, report);
    cr_expect_str_eq(peer_received(&r.peer), received);
    cr_expect_eq(r.tool.status, report[0] == '\0' ? EXIT_STATUS_OK : EXIT_STATUS_REFUSED);
    tool_run_close(&r);
    unlink(path);
    free(path);
}

#define ASKED "*3 $5 GROUP $7 OFFSETS $1 g "
#define SEEK_T "*7 $5 GROUP $4 SEEK $1 g $1 t $1 0 $2 TO $1 7 "
#define SEEK_U "*7 $5 GROUP $4 SEEK $1 g $1 u $1 3 $2 TO $1 0 "

Test(groups, places_come_from_a_file)
{
    from_file("t,0,7\n\nu,3,0\n", "", ASKED SEEK_T SEEK_U);
    from_file("t,0,7\nu,3", "Error: --from-file: line 2 is not topic,partition,offset\n",
              ASKED SEEK_T);
    from_file(",0,7\n", "Error: --from-file: line 1 is not topic,partition,offset\n", ASKED);
    from_file("t,-1,7\n", "Error: --from-file: line 1 is not topic,partition,offset\n", ASKED);
    from_file("t,0,x\n", "Error: --from-file: line 1 is not topic,partition,offset\n", ASKED);
    struct tool_run r;
    tool_run_open(&r);
    peer_answers(&r.peer, COMMITTED);
    peer_serves(&r.peer, false);
    RUN(&r, "--reset-offsets", "--group", "g", "--from-file", "/none/here");
    cr_expect_str_eq(r.report,
                     "Error: --from-file: cannot open /none/here: No such file or directory\n");
    tool_run_close(&r);
}

Test(groups, what_is_forgotten_is_said)
{
    struct tool_run r;

    tool_run_open(&r);
    peer_answers(&r.peer, COMMITTED);
    peer_answers(&r.peer, "+OK\r\n");
    peer_answers(&r.peer, "+OK\r\n");
    peer_answers(&r.peer, "-UNKNOWNTOPIC no\r\n");
    peer_serves(&r.peer, false);
    RUN(&r, "--delete-offsets", "--group", "g", "--topic", "t", "--topic", "t:1", "--topic", "x");
    cr_expect_str_eq(r.printed,
                     "group  topic  partition  offset\ng      t              0       5\n");
    cr_expect_str_eq(r.report, "group 'g' has committed nothing of topic 't' there\n"
                               "Error: UNKNOWNTOPIC no\n");
    cr_expect_str_eq(peer_received(&r.peer),
                     ASKED "*4 $5 GROUP $6 FORGET $1 g $1 t *5 $5 GROUP $6 FORGET $1 g $1 t $1 1 "
                           "*4 $5 GROUP $6 FORGET $1 g $1 x ");
    tool_run_close(&r);
}

Test(groups, all_groups_may_be_moved)
{
    struct tool_run r;

    tool_run_open(&r);
    peer_answers(&r.peer, "*2\r\n$1\r\ng\r\n$1\r\nh\r\n");
    peer_answers(&r.peer, COMMITTED);
    peer_answers(&r.peer, "*1\r\n*3\r\n$1\r\nt\r\n:0\r\n:0\r\n");
    peer_answers(&r.peer, "-NOPERM no\r\n");
    peer_serves(&r.peer, false);
    RUN(&r, "--reset-offsets", "--all-groups", "--all-topics", "--to-earliest", "--execute");
    cr_expect_str_eq(r.printed, HEADINGS "g      t              0       5           0\n");
    cr_expect_str_eq(r.report, "Error: NOPERM no\n");
    tool_run_close(&r);
}

Test(groups, the_list_may_have_states)
{
    struct tool_run r;

    tool_run_open(&r);
    peer_answers(&r.peer, "*2\r\n$1\r\ng\r\n$1\r\nh\r\n");
    peer_answers(&r.peer, "%1\r\n$5\r\nstate\r\n$6\r\nStable\r\n");
    peer_answers(&r.peer, "-UNKNOWNGROUP gone\r\n");
    peer_serves(&r.peer, false);
    RUN(&r, "--list", "--state");
    cr_expect_str_eq(r.printed, "group  state\ng      Stable\n");
    cr_expect_eq(r.tool.status, EXIT_STATUS_OK);
    tool_run_close(&r);
}

Test(groups, delete_and_list)
{
    struct tool_run r;

    tool_run_open(&r);
    peer_answers(&r.peer, "+OK\r\n");
    peer_serves(&r.peer, false);
    RUN(&r, "--delete", "--group", "g");
    cr_expect_str_eq(r.printed, "Deleted group g.\n");
    tool_run_close(&r);

    tool_run_open(&r);
    r.printer.form = PRINTER_JSON;
    peer_answers(&r.peer, "*2\r\n$1\r\na\r\n$1\r\nb\r\n");
    peer_serves(&r.peer, false);
    RUN(&r, "--list");
    cr_expect_str_eq(r.printed, "\"a\"\n\"b\"\n");
    tool_run_close(&r);
}
