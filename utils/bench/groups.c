/* SPDX-License-Identifier: BSD-3-Clause */
/* Measures a server with many consumer groups, members and partitions, over real sockets:
 *
 *     bench-groups SERVER DIR [DIVISOR]
 *
 * 10,000 partitions in 100 topics; 1,000 groups of 10 members, each on a connection of its own; then one
 * group of 10,000 members over all partitions. DIVISOR makes all of that smaller. For each step it prints the CPU
 * time the server took, of all its threads, which is the steadier number where the machine is shared, and the
 * wall time. DIR is made, and removed at the end. Needs 10,100 descriptors (ulimit -n) on each side. */
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TOPICS 100
#define PARTITIONS_PER_TOPIC 100
#define GROUPS 1000
#define MEMBERS_PER_GROUP 10
#define SHARED_PARTITIONS 10 /* of the topic that all groups read */
#define START_WAIT_MS 60000

struct place {
    char topic[64];
    int partition;
};

struct bench {
    const char *program, *dir;
    char out[512]; /* what the server prints goes there */
    pid_t pid;
    int port;
    int topics, partitions, groups, members; /* members of all groups */
    redisContext **connections;              /* owned; one of each member */
    redisContext *control;
    struct place *owned; /* owned; of each member a partition that it has */
};

/* The CPU time of the server, and the time. */
struct moment {
    double cpu, wall;
};

static void fail(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "bench-groups: ");
    vfprintf(stderr, format, args);
    fprintf(stderr, "\n");
    va_end(args);
    exit(1);
}

/* --- looking at the server --------------------------------------------------------------------- */

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* In seconds, of all its threads. Threads that wait are counted to the nanosecond. */
static double server_cpu(const struct bench *b)
{
    char path[512];
    double sum = 0;
    snprintf(path, sizeof(path), "/proc/%d/task", (int)b->pid);
    DIR *tasks = opendir(path);
    if (tasks == NULL)
        fail("the server is gone");
    for (struct dirent *task; (task = readdir(tasks)) != NULL;) {
        unsigned long long ns;
        snprintf(path, sizeof(path), "/proc/%d/task/%.16s/schedstat", (int)b->pid, task->d_name);
        FILE *file = task->d_name[0] == '.' ? NULL : fopen(path, "r");
        if (file == NULL)
            continue;
        if (fscanf(file, "%llu", &ns) == 1)
            sum += (double)ns / 1e9;
        fclose(file);
    }
    closedir(tasks);
    return sum;
}

static double server_mib(const struct bench *b)
{
    char path[64], line[256];
    long kib = 0;
    snprintf(path, sizeof(path), "/proc/%d/status", (int)b->pid);
    FILE *file = fopen(path, "r");
    if (file == NULL)
        fail("the server is gone");
    while (fgets(line, sizeof(line), file) != NULL) {
        if (sscanf(line, "VmRSS: %ld", &kib) == 1)
            break;
    }
    fclose(file);
    return (double)kib / 1024;
}

static int server_files(const struct bench *b)
{
    char path[64];
    int count = -2; /* "." and ".." */
    snprintf(path, sizeof(path), "/proc/%d/fd", (int)b->pid);
    DIR *files = opendir(path);
    if (files == NULL)
        fail("the server is gone");
    while (readdir(files) != NULL)
        count++;
    closedir(files);
    return count;
}

static struct moment begin(const struct bench *b)
{
    return (struct moment){server_cpu(b), now()};
}

/* What it took since `began`, over all and, of `count` commands, each. */
static void print_took(const struct bench *b, struct moment began, const char *what, int count)
{
    struct moment m = begin(b);
    double cpu = m.cpu - began.cpu;
    printf("%-56s %7d %11.2f us %9.1f ms %9.1f ms\n", what, count, cpu / count * 1e6, cpu * 1e3,
           (m.wall - began.wall) * 1e3);
    fflush(stdout);
}

static void print_state(const struct bench *b, const char *what)
{
    printf("%-56s %44.1f MiB, %d descriptors\n", what, server_mib(b), server_files(b));
    fflush(stdout);
}

/* --- the server -------------------------------------------------------------------------------- */

static int read_port(const struct bench *b)
{
    char line[1024];
    int port = 0;
    FILE *file = fopen(b->out, "r");
    if (file == NULL)
        return 0;
    while (port == 0 && fgets(line, sizeof(line), file) != NULL) {
        const char *ready = strstr(line, "Ready to accept connections on 127.0.0.1:");
        if (ready != NULL)
            port = atoi(strrchr(ready, ':') + 1);
    }
    fclose(file);
    return port;
}

static void start_server(struct bench *b)
{
    unlink(b->out);
    b->pid = fork();
    if (b->pid < 0)
        fail("fork");
    if (b->pid == 0) {
        int out = open(b->out, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        if (out < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
            _exit(1);
        execl(b->program, b->program, "--port", "0", "--bind", "127.0.0.1", "--dir", b->dir,
              "--maxclients", "10100", "--log-retention-ms", "-1", (char *)NULL);
        _exit(1);
    }
    b->port = 0;
    for (double began = now(); b->port == 0; b->port = read_port(b)) {
        if (waitpid(b->pid, NULL, WNOHANG) != 0 || now() - began > START_WAIT_MS / 1e3)
            fail("the server does not start: see %s", b->out);
        usleep(500);
    }
}

static void stop_server(struct bench *b)
{
    int status;
    kill(b->pid, SIGTERM);
    if (waitpid(b->pid, &status, 0) != b->pid || status != 0)
        fail("the server did not end well: see %s", b->out);
}

static redisContext *dial(const struct bench *b)
{
    redisContext *c = redisConnect("127.0.0.1", b->port);
    if (c == NULL || c->err != 0)
        fail("connect: %s", c == NULL ? "" : c->errstr);
    return c;
}

/* --- commands ---------------------------------------------------------------------------------- */

static redisReply *take(redisContext *c)
{
    void *reply;
    if (redisGetReply(c, &reply) != REDIS_OK)
        fail("connection: %s", c->errstr);
    redisReply *r = reply;
    if (r->type == REDIS_REPLY_ERROR)
        fail("an error: %s", r->str);
    return r;
}

static redisReply *ask(redisContext *c, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    redisvAppendCommand(c, format, args);
    va_end(args);
    return take(c);
}

static void tell(redisContext *c, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    redisvAppendCommand(c, format, args);
    va_end(args);
    freeReplyObject(take(c));
}

static void flush(redisContext *c)
{
    int done = 0;
    while (!done) {
        if (redisBufferWrite(c, &done) != REDIS_OK)
            fail("connection: %s", c->errstr);
    }
}

/* Has members `from`, `from` + `step` … ask one command each, `window` of them at a time. */
static void each_member(const struct bench *b, int from, int to, int step, int window,
                        void (*append)(const struct bench *b, int member))
{
    for (int i = from; i < to; i += step * window) {
        int end = i + step * window < to ? i + step * window : to;
        for (int j = i; j < end; j += step) {
            append(b, j);
            flush(b->connections[j]);
        }
        for (int j = i; j < end; j += step)
            freeReplyObject(take(b->connections[j]));
    }
}

/* Members are numbered group by group. The topics of a group are two of the many, and one that all
 * groups read. */
static void append_consume(const struct bench *b, int member)
{
    int group = member / MEMBERS_PER_GROUP;
    redisAppendCommand(b->connections[member],
                       "CONSUME group-%d member-%d COMMIT MANUAL SESSION 3600000 "
                       "TOPICS topic-%d topic-%d shared",
                       group, member, group % b->topics, (group + 1) % b->topics);
}

static void append_heartbeat(const struct bench *b, int member)
{
    redisAppendCommand(b->connections[member], "GROUP HEARTBEAT group-%d member-%d",
                       member / MEMBERS_PER_GROUP, member);
}

static void append_commit(const struct bench *b, int member)
{
    redisAppendCommand(b->connections[member], "COMMIT group-%d member-%d %s %d 0",
                       member / MEMBERS_PER_GROUP, member, b->owned[member].topic,
                       b->owned[member].partition);
}

/* One group of all members, over all topics. */
static void append_all(const struct bench *b, int member)
{
    static const char *const words[] = {"CONSUME", "everyone", NULL,
                                        "SESSION", "3600000",  "TOPICS"};
    int argc = sizeof(words) / sizeof(words[0]);
    const char **argv = malloc((size_t)(argc + b->topics) * sizeof(char *));
    struct place *topics = malloc((size_t)b->topics * sizeof(*topics));
    char name[32];
    snprintf(name, sizeof(name), "member-%d", member);
    memcpy(argv, words, sizeof(words));
    argv[2] = name;
    for (int i = 0; i < b->topics; i++) {
        snprintf(topics[i].topic, sizeof(topics[i].topic), "topic-%d", i);
        argv[argc++] = topics[i].topic;
    }
    redisAppendCommandArgv(b->connections[member], argc, argv, NULL);
    free(argv);
    free(topics);
}

/* --- steps ------------------------------------------------------------------------------------- */

static void create_topics(struct bench *b)
{
    struct moment began = begin(b);
    for (int i = 0; i < b->topics; i++)
        tell(b->control, "TOPIC CREATE topic-%d PARTITIONS %d", i, b->partitions / b->topics);
    print_took(b, began, "create partitions, topic by topic", b->partitions);
    tell(b->control, "TOPIC CREATE shared PARTITIONS %d", SHARED_PARTITIONS);
    print_state(b, "  all partitions");
    began = begin(b);
    tell(b->control, "TOPIC CREATE wide PARTITIONS %d", b->partitions);
    print_took(b, began, "create one topic of that many", b->partitions);
    began = begin(b);
    tell(b->control, "TOPIC DELETE wide");
    print_took(b, began, "delete it", b->partitions);
}

static void connect_members(struct bench *b)
{
    struct moment began = begin(b);
    for (int i = 0; i < b->members; i++)
        b->connections[i] = dial(b);
    for (int i = 0; i < b->members; i++)
        tell(b->connections[i], "PING");
    print_took(b, began, "connect", b->members);
    print_state(b, "  all connections");
}

/* The members with that number in their groups, of a range of groups. */
static void join(const struct bench *b, int number, int from_group, int to_group, const char *what)
{
    struct moment began = begin(b);
    each_member(b, from_group * MEMBERS_PER_GROUP + number, to_group * MEMBERS_PER_GROUP,
                MEMBERS_PER_GROUP, 1, append_consume);
    if (what != NULL)
        print_took(b, began, what, to_group - from_group);
}

static void measure_heartbeats(const struct bench *b, int members, int turns, const char *what)
{
    struct moment began = begin(b);
    for (int i = 0; i < turns; i++)
        each_member(b, 0, members, 1, MEMBERS_PER_GROUP, append_heartbeat);
    print_took(b, began, what, members * turns);
}

static void join_groups(const struct bench *b)
{
    int last = MEMBERS_PER_GROUP - 1, part = b->groups / 10;
    for (int i = 0; i < MEMBERS_PER_GROUP; i++)
        join(b, i, 0, 1, NULL);
    measure_heartbeats(b, MEMBERS_PER_GROUP, b->members / MEMBERS_PER_GROUP,
                       "GROUP HEARTBEAT, 10 members in the server");
    join(b, 0, 1, part, "join, first member, the first groups");
    join(b, 0, part, b->groups - part, NULL);
    join(b, 0, b->groups - part, b->groups, "join, first member, the last groups");
    for (int i = 1; i < last; i++)
        join(b, i, 1, b->groups, NULL);
    join(b, last, 1, part, "join, tenth member, the first groups");
    join(b, last, part, b->groups - part, NULL);
    join(b, last, b->groups - part, b->groups, "join, tenth member, the last groups");
    print_state(b, "  all members");
}

static const redisReply *field(const redisReply *map, const char *name)
{
    for (size_t i = 0; i + 1 < map->elements; i += 2) {
        if (strcmp(map->element[i]->str, name) == 0)
            return map->element[i + 1];
    }
    fail("there is no '%s' in a reply", name);
    return NULL;
}

/* For each member a partition that it owns. */
static void find_owned(struct bench *b)
{
    for (int i = 0; i < b->groups; i++) {
        redisReply *members = ask(b->control, "GROUP MEMBERS group-%d", i);
        for (size_t j = 0; j < members->elements; j++) {
            const char *name = field(members->element[j], "name")->str;
            const redisReply *owned = field(members->element[j], "owned");
            struct place *place = &b->owned[atoi(name + strlen("member-"))];
            if (owned->elements == 0)
                fail("member '%s' owns nothing", name);
            snprintf(place->topic, sizeof(place->topic), "%s", owned->element[0]->element[0]->str);
            place->partition = (int)owned->element[0]->element[1]->integer;
        }
        freeReplyObject(members);
    }
}

static void measure_commands(struct bench *b)
{
    struct moment began = begin(b);
    each_member(b, 0, b->members, 1, MEMBERS_PER_GROUP, append_consume);
    each_member(b, 0, b->members, 1, MEMBERS_PER_GROUP, append_consume);
    print_took(b, began, "CONSUME, giving up and taking", 2 * b->members);
    measure_heartbeats(b, MEMBERS_PER_GROUP, b->members / MEMBERS_PER_GROUP,
                       "GROUP HEARTBEAT of one group, all members in the server");
    measure_heartbeats(b, b->members, 1, "GROUP HEARTBEAT of all members");
    began = begin(b);
    each_member(b, 0, b->members, 1, MEMBERS_PER_GROUP, append_consume);
    print_took(b, began, "CONSUME at the end of the log", b->members);
    find_owned(b);
    began = begin(b);
    each_member(b, 0, b->members, 1, MEMBERS_PER_GROUP, append_commit);
    print_took(b, began, "COMMIT of a partition, synced, 10 at a time", b->members);
    began = begin(b);
    for (int i = 0; i < b->groups; i++)
        tell(b->control, "GROUP LAG group-%d", i);
    print_took(b, began, "GROUP LAG", b->groups);
    began = begin(b);
    tell(b->control, "GROUP LIST");
    print_took(b, began, "GROUP LIST", 1);
}

static void measure_growth(const struct bench *b)
{
    struct moment began = begin(b);
    tell(b->control, "TOPIC ALTER shared PARTITIONS %d", 2 * SHARED_PARTITIONS);
    tell(b->control, "PING");
    print_took(b, began, "rebalance, as a topic of all groups grows", b->groups);
    began = begin(b);
    for (int i = 0; i < b->members; i++)
        tell(b->control, "GROUP LEAVE group-%d member-%d", i / MEMBERS_PER_GROUP, i);
    print_took(b, began, "GROUP LEAVE", b->members);
}

/* Members from this to that one join; what the last of them takes is told. */
static void join_one_group(const struct bench *b, int from, int to)
{
    char what[64];
    if (to > b->members)
        to = b->members;
    if (from >= to)
        return;
    each_member(b, from, to - 1, 1, 1, append_all);
    struct moment began = begin(b);
    append_all(b, to - 1);
    freeReplyObject(take(b->connections[to - 1]));
    snprintf(what, sizeof(what), "join a group over all partitions as number %d", to);
    print_took(b, began, what, 1);
}

static void measure_one_group(const struct bench *b)
{
    struct moment began = begin(b);
    join_one_group(b, 0, 1);
    join_one_group(b, 1, 10);
    join_one_group(b, 10, 100);
    join_one_group(b, 100, 1000);
    join_one_group(b, 1000, b->members);
    print_took(b, began, "all of them, one after the other", b->members);
    print_state(b, "  all members in one group");
    began = begin(b);
    each_member(b, 0, b->members, 1, MEMBERS_PER_GROUP, append_all);
    each_member(b, 0, b->members, 1, MEMBERS_PER_GROUP, append_all);
    print_took(b, began, "CONSUME, giving up and taking", 2 * b->members);
    redisReply *group = ask(b->control, "GROUP DESCRIBE everyone");
    if (strcmp(field(group, "state")->str, "Stable") != 0)
        fail("the group of all members is not stable");
    freeReplyObject(group);
    began = begin(b);
    tell(b->control, "GROUP KICK everyone member-0");
    print_took(b, began, "GROUP KICK of one of them", 1);
}

static void restart(struct bench *b, const char *what)
{
    redisFree(b->control);
    double began = now();
    stop_server(b);
    printf("%-56s %38.1f ms\n", "clean stop", (now() - began) * 1e3);
    began = now();
    start_server(b);
    double took = now() - began;
    printf("%-56s %25.1f ms %9.1f ms\n", what, server_cpu(b) * 1e3, took * 1e3);
    print_state(b, "  started");
    b->control = dial(b);
}

static void measure_restart(struct bench *b)
{
    restart(b, "start, with what was committed");
    struct moment began = begin(b);
    for (int i = 0; i < b->groups; i++)
        tell(b->control, "GROUP SEEK group-%d topic-%d TO EARLIEST", i, i % b->topics);
    print_took(b, began, "GROUP SEEK of a topic", b->groups);
    restart(b, "start, with these offsets too");
}

/* --- all of it --------------------------------------------------------------------------------- */

static void run(struct bench *b)
{
    printf("%-56s %7s %14s %12s %12s\n", "", "count", "CPU each", "CPU", "wall");
    start_server(b);
    b->control = dial(b);
    print_state(b, "  empty");
    create_topics(b);
    connect_members(b);
    join_groups(b);
    measure_commands(b);
    measure_growth(b);
    measure_one_group(b);
    for (int i = 0; i < b->members; i++)
        redisFree(b->connections[i]);
    measure_restart(b);
    redisFree(b->control);
    stop_server(b);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st, (void)kind, (void)ftw;
    return remove(path);
}

int main(int argc, char **argv)
{
    int divisor = argc == 4 ? atoi(argv[3]) : 1;
    if (argc < 3 || argc > 4 || divisor < 1 || divisor > TOPICS || access(argv[2], F_OK) == 0) {
        fprintf(stderr,
                "usage: bench-groups SERVER DIR [DIVISOR]     (DIR must not be there yet)\n");
        return 2;
    }
    struct bench b = {
        .program = argv[1], .dir = argv[2], .topics = TOPICS / divisor, .groups = GROUPS / divisor};
    b.partitions = b.topics * PARTITIONS_PER_TOPIC;
    b.members = b.groups * MEMBERS_PER_GROUP;
    b.connections = calloc((size_t)b.members, sizeof(redisContext *));
    b.owned = calloc((size_t)b.members, sizeof(*b.owned));
    snprintf(b.out, sizeof(b.out), "%s.out", b.dir);
    run(&b);
    nftw(b.dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    unlink(b.out);
    free(b.connections);
    free(b.owned);
    return 0;
}
