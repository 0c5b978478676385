/* SPDX-License-Identifier: BSD-3-Clause */
#include "crash/limits.h"
#include "crash/process.h"
#include <errno.h>
#include <hiredis/hiredis.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define REPLY_S 30
#define SMALL_DISK "size=6m"
#define VALUE_LEN 5000
#define NOBODY 65534 /* a user that may read nothing of ours */
#define RECORDS_MAX 4000

enum verdict { PASSED, FAILED, SKIPPED };

/* One test: a server, a client, and what the server acknowledged of the records "<topic>:<number>…". */
struct test {
    struct process process;
    redisContext *client;
    enum verdict verdict;
};

static void __attribute__((format(printf, 2, 3))) fail(struct test *t, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    printf("    FAILED: ");
    vprintf(format, args);
    printf("\n");
    va_end(args);
    t->verdict = FAILED;
}

static void fail_with_output(struct test *t, const char *what)
{
    char *text = process_output(&t->process);
    fail(t, "%s:\n%s", what, text);
    free(text);
}

/* --- the server and its client ------------------------------------------------------------------ */

static void connect_client(struct test *t)
{
    struct timeval limit = {.tv_sec = REPLY_S};
    if (t->client != NULL)
        redisFree(t->client);
    t->client = redisConnectWithTimeout("127.0.0.1", t->process.port, limit);
    if (t->client == NULL || t->client->err != 0)
        fail(t, "the server does not accept connections");
    else
        redisSetTimeout(t->client, limit);
}

static bool start(struct test *t)
{
    if (!process_start(&t->process)) {
        fail_with_output(t, "the server does not start");
        return false;
    }
    connect_client(t);
    return true;
}

static void stop(struct test *t)
{
    if (t->process.pid == 0)
        return;
    process_signal(&t->process, SIGTERM);
    if (process_wait(&t->process) == -1)
        fail(t, "the server does not stop");
}

static redisReply *ask(struct test *t, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    redisReply *reply =
        t->client == NULL || t->client->err != 0 ? NULL : redisvCommand(t->client, format, args);
    va_end(args);
    return reply;
}

static bool begins(const redisReply *reply, const char *text)
{
    return reply != NULL &&
           (reply->type == REDIS_REPLY_ERROR || reply->type == REDIS_REPLY_STATUS) &&
           strncmp(reply->str, text, strlen(text)) == 0;
}

/* The reply to a command without arguments of its own begins so. */
static void expect(struct test *t, const char *begin, const char *command)
{
    redisReply *reply = ask(t, command);
    if (!begins(reply, begin))
        fail(t, "%s: expected %s, got %s", command, begin,
             reply != NULL && reply->str != NULL ? reply->str : "something else");
    freeReplyObject(reply);
}

/* --- records ------------------------------------------------------------------------------------ */

/* The records that one partition acknowledged: number i has offset offsets[i], or -1. */
struct book {
    const char *topic;
    int partition;
    int count;
    int64_t offsets[RECORDS_MAX];
};

static void make_value(const struct book *b, int number, char *value)
{
    int len = snprintf(value, VALUE_LEN, "%s-%d:%d ", b->topic, b->partition, number);
    for (int i = len; i < VALUE_LEN; i++)
        value[i] = (char)(number * 31 + i);
}

/* Produces one record. Returns the reply's error, malloc'ed; NULL: it was acknowledged. */
static char *produce(struct test *t, struct book *b)
{
    char value[VALUE_LEN];
    int number = b->count++;
    b->offsets[number] = -1;
    make_value(b, number, value);
    redisReply *reply =
        ask(t, "PRODUCE %s %b PARTITION %d ACK %s", b->topic, value, (size_t)VALUE_LEN,
            b->partition, number % 3 == 0 ? "WRITTEN" : "SYNCED");
    char *error = NULL;
    if (reply == NULL)
        error = strdup("no reply");
    else if (reply->type == REDIS_REPLY_ERROR)
        error = strdup(reply->str);
    else if (reply->type == REDIS_REPLY_ARRAY && reply->elements == 2)
        b->offsets[number] = reply->element[1]->integer;
    else
        error = strdup("a strange reply");
    freeReplyObject(reply);
    return error;
}

/* Produces until it is refused; that must be with this code. */
static void produce_until(struct test *t, struct book *b, const char *code)
{
    char *error = NULL;
    while (error == NULL && b->count < RECORDS_MAX)
        error = produce(t, b);
    if (error == NULL)
        fail(t, "%s-%d: %d records of %d bytes were taken", b->topic, b->partition, b->count,
             VALUE_LEN);
    else if (strncmp(error, code, strlen(code)) != 0 || strstr(error, b->topic) == NULL)
        fail(t, "expected -%s that names '%s', got -%s", code, b->topic, error);
    free(error);
}

/* Produces until one is acknowledged: nobody has to do anything for it. */
static void produce_resumes(struct test *t, struct book *b)
{
    double deadline = now_ms() + PROCESS_DEADLINE_MS;
    char *error = produce(t, b);
    while (error != NULL && now_ms() < deadline && b->count < RECORDS_MAX) {
        free(error);
        sleep_ms(20);
        error = produce(t, b);
    }
    if (error != NULL)
        fail(t, "%s-%d: writes do not resume: -%s", b->topic, b->partition, error);
    free(error);
}

static void check_record(struct test *t, const struct book *b, int number)
{
    char value[VALUE_LEN];
    make_value(b, number, value);
    redisReply *r =
        ask(t, "FETCH %s %d %lld COUNT 1", b->topic, b->partition, (long long)b->offsets[number]);
    bool right = r != NULL && r->type == REDIS_REPLY_ARRAY && r->elements == 1 &&
                 r->element[0]->element[0]->integer == b->offsets[number] &&
                 r->element[0]->element[3]->len == VALUE_LEN &&
                 memcmp(r->element[0]->element[3]->str, value, VALUE_LEN) == 0;
    if (!right)
        fail(t, "%s-%d: record %d, acknowledged at offset %lld, is not there: %s", b->topic,
             b->partition, number, (long long)b->offsets[number],
             r != NULL && r->type == REDIS_REPLY_ERROR ? r->str : "");
    freeReplyObject(r);
}

static int acknowledged(const struct book *b)
{
    int count = 0;
    for (int i = 0; i < b->count; i++)
        count += b->offsets[i] >= 0;
    return count;
}

/* Everything acknowledged is there, and nothing else. */
static void check_book(struct test *t, const struct book *b)
{
    int64_t next = 0, count = 0;
    for (int i = 0; i < b->count && t->verdict == PASSED; i++)
        if (b->offsets[i] >= 0)
            check_record(t, b, i);
    for (bool more = true; more && t->verdict == PASSED;) {
        redisReply *r = ask(t, "FETCH %s %d %lld", b->topic, b->partition, (long long)next);
        more = r != NULL && r->type == REDIS_REPLY_ARRAY && r->elements > 0;
        if (r == NULL || r->type != REDIS_REPLY_ARRAY)
            fail(t, "%s-%d: FETCH from %lld: %s", b->topic, b->partition, (long long)next,
                 r != NULL ? r->str : "no reply");
        if (more) {
            count += (int64_t)r->elements;
            next = r->element[r->elements - 1]->element[0]->integer + 1;
        }
        freeReplyObject(r);
    }
    if (t->verdict == PASSED && count != acknowledged(b))
        fail(t, "%s-%d: %d records were acknowledged, %lld are there", b->topic, b->partition,
             acknowledged(b), (long long)count);
}

/* --- a full disk ---------------------------------------------------------------------------------- */

static bool mount_small_disk(struct test *t)
{
    mkdir(t->process.dir, 0700);
    if (mount("echolog-test", t->process.dir, "tmpfs", 0, SMALL_DISK) == 0)
        return true;
    printf("    skipped: cannot mount a tmpfs: %s\n", strerror(errno));
    t->verdict = SKIPPED;
    return false;
}

static void unmount(struct test *t)
{
    if (t->process.pid != 0)
        process_kill(&t->process);
    if (umount2(t->process.dir, MNT_DETACH) != 0)
        fail(t, "umount: %s", strerror(errno));
}

static void full_disk_refuses_and_resumes(struct test *t)
{
    struct book a = {.topic = "a", .partition = 1}, b = {.topic = "b"};
    if (!mount_small_disk(t))
        return;
    if (start(t)) {
        expect(t, "OK", "TOPIC CREATE a PARTITIONS 2 CONFIG segment.bytes 262144");
        expect(t, "OK", "TOPIC CREATE b CONFIG segment.bytes 65536");
        for (int i = 0; i < 400; i++)
            free(produce(t, &b));
        produce_until(t, &a, "NOSPACE");
        produce_until(t, &b, "NOSPACE");
        check_book(t, &a);
        check_book(t, &b);
        expect(t, "NOSPACE", "TOPIC CREATE c PARTITIONS 40");
        expect(t, "PONG", "PING");
        expect(t, "OK", "TOPIC DELETE b");
        produce_resumes(t, &a);
        check_book(t, &a);
    }
    stop(t);
    if (t->verdict == PASSED && start(t))
        check_book(t, &a);
    unmount(t);
}

/* Ends a server on a full disk and starts it again. */
static void restart_on_full_disk(struct test *t, bool killed)
{
    struct book a = {.topic = "a"}, b = {.topic = "b"};
    if (!mount_small_disk(t))
        return;
    if (start(t)) {
        expect(t, "OK", "TOPIC CREATE a CONFIG segment.bytes 262144");
        for (int i = 0; i < 300; i++)
            free(produce(t, &b)); /* is created by that */
        produce_until(t, &a, "NOSPACE");
        free(produce(t, &b));
        if (killed)
            process_kill(&t->process);
        else
            stop(t);
    }
    if (t->verdict == PASSED && start(t)) {
        check_book(t, &a);
        check_book(t, &b);
        free(produce(t, &a)); /* refused or not */
        expect(t, "OK", "TOPIC DELETE b");
        produce_resumes(t, &a);
        check_book(t, &a);
    }
    unmount(t);
}

static void restart_on_full_disk_after_a_stop(struct test *t)
{
    restart_on_full_disk(t, false);
}

static void restart_on_full_disk_after_a_kill(struct test *t)
{
    restart_on_full_disk(t, true);
}

/* --- a directory that is not as it was ------------------------------------------------------------ */

static void make_three_partitions(struct test *t, struct book *books)
{
    expect(t, "OK", "TOPIC CREATE t PARTITIONS 3 CONFIG segment.bytes 16384");
    for (int p = 0; p < 3; p++) {
        books[p].topic = "t";
        books[p].partition = p;
        for (int i = 0; i < 20; i++)
            free(produce(t, &books[p]));
    }
}

/* The others take records and give them. */
static void check_others(struct test *t, struct book *books, int but)
{
    for (int p = 0; p < 3; p++) {
        char *error = p == but ? NULL : produce(t, &books[p]);
        if (error != NULL)
            fail(t, "partition %d, which is not concerned: -%s", p, error);
        free(error);
        if (p != but)
            check_book(t, &books[p]);
    }
}

static void expect_in_trace(struct test *t, const char *text)
{
    if (!process_printed(&t->process, text))
        fail_with_output(t, "the trace does not name what failed");
}

static void vanished_directory_fails_alone(struct test *t)
{
    struct book *books = calloc(3, sizeof(*books));
    if (start(t)) {
        make_three_partitions(t, books);
        run("rm -rf '%s/t-1'", t->process.dir);
        produce_until(t, &books[1], "LOGERROR");
        if (acknowledged(&books[1]) > 21)
            fail(t, "%d records were acknowledged into a directory that is gone",
                 acknowledged(&books[1]) - 20);
        expect_in_trace(t, "t-1: ");
        check_others(t, books, 1);
        stop(t);
    }
    if (t->verdict == PASSED && start(t)) {
        expect_in_trace(t, "t-1: this partition cannot be opened");
        expect(t, "LOGERROR", "PRODUCE t x PARTITION 1");
        check_others(t, books, 1);
        stop(t);
    }
    free(books);
}

/* Rights mean nothing to root: the server runs as somebody else, from a copy that this one may read. */
static bool run_as_nobody(struct test *t)
{
    struct process *p = &t->process;
    p->user = NOBODY;
    if (!run("cp '%s' '%s/server' && chmod 755 '%s/server' && chown %d '%s'", p->program,
             p->scratch, p->scratch, NOBODY, p->scratch)) {
        fail(t, "the server cannot be made another user's");
        return false;
    }
    snprintf(p->program, sizeof(p->program), "%s/server", p->scratch);
    return true;
}

/* Makes a partition's directory unreadable for the server, which is not root here. */
static void unreadable_directory_fails_alone(struct test *t)
{
    if (geteuid() == 0 && !run_as_nobody(t))
        return;
    struct book *books = calloc(3, sizeof(*books));
    if (start(t)) {
        make_three_partitions(t, books);
        run("chmod 0 '%s/t-1'", t->process.dir);
        produce_until(t, &books[1], "LOGERROR");
        expect_in_trace(t, "t-1: ");
        check_others(t, books, 1);
        stop(t);
    }
    if (t->verdict == PASSED && start(t)) {
        expect_in_trace(t, "t-1: this partition cannot be opened");
        check_others(t, books, 1);
        stop(t);
    }
    run("chmod 700 '%s/t-1'", t->process.dir);
    if (t->verdict == PASSED && start(t)) {
        for (int p = 0; p < 3; p++)
            check_book(t, &books[p]); /* nothing of it was lost */
        stop(t);
    }
    free(books);
}

/* --- too few open files ------------------------------------------------------------------------- */

static void few_open_files(struct test *t)
{
    enum { TOPICS = 60 };
    struct book *books = calloc(TOPICS, sizeof(*books));
    static const char *const arguments[] = {"--default-ack", "synced", NULL};
    char names[TOPICS][16];
    int refused = 0;
    memcpy(t->process.arguments, arguments, sizeof(arguments));
    t->process.files_max = 100;
    if (start(t)) {
        expect_in_trace(t, "open files");
        for (int i = 0; i < TOPICS; i++) {
            snprintf(names[i], sizeof(names[i]), "t%d", i);
            books[i].topic = names[i];
            for (int n = 0; n < 3; n++) {
                char *error = produce(t, &books[i]);
                if (error != NULL && strncmp(error, "LOGERROR", 8) != 0)
                    fail(t, "topic %d: expected -LOGERROR, got -%s", i, error);
                refused += error != NULL;
                free(error);
            }
        }
        for (int i = 0; i < TOPICS; i++)
            if (acknowledged(&books[i]) > 0)
                check_book(t, &books[i]);
        printf("    %d of %d records were refused\n", refused, 3 * TOPICS);
        process_kill(&t->process);
    }
    t->process.files_max = 0;
    if (t->verdict == PASSED && start(t)) {
        for (int i = 0; i < TOPICS; i++)
            if (acknowledged(&books[i]) > 0)
                check_book(t, &books[i]);
        stop(t);
    }
    free(books);
}

/* --- all ------------------------------------------------------------------------------------------ */

void run_limits(struct sums *sums)
{
    static const struct {
        const char *name;
        void (*run)(struct test *t);
    } tests[] = {
        {"a full disk refuses, keeps what it has, and resumes", full_disk_refuses_and_resumes},
        {"a start on a full disk after a stop", restart_on_full_disk_after_a_stop},
        {"a start on a full disk after kill -9", restart_on_full_disk_after_a_kill},
        {"a directory that vanishes", vanished_directory_fails_alone},
        {"a directory that may not be read", unreadable_directory_fails_alone},
        {"few open files", few_open_files},
    };
    for (size_t i = 0; i < sizeof(tests) / sizeof(*tests); i++) {
        struct test t = {.verdict = PASSED};
        printf("limit: %s\n", tests[i].name);
        process_init(&t.process);
        tests[i].run(&t);
        if (t.client != NULL)
            redisFree(t.client);
        process_deinit(&t.process);
        sums->passed += t.verdict == PASSED;
        sums->failed += t.verdict == FAILED;
        sums->skipped += t.verdict == SKIPPED;
        fflush(stdout);
    }
}
