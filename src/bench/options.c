/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/options.h"

#include "base/nearest.h"
#include "bench/scan.h"
#include "bench/scenario.h"
#include <string.h>

#define PORT_DEFAULT 3246
#define SIZE_DEFAULT 100
#define SIZE_MAX_BYTES (64 << 20)
#define SECONDS_DEFAULT_US 3000000
#define WARM_UP_DEFAULT_US 300000
#define CONNECTIONS_MAX 50000
#define DEPTH_MAX 10000
#define MANY INT32_MAX

#define NUMBER(flag, field, min, max)                                                 \
    {                                                                                 \
        .name = (flag), .number = &o->field, .number_min = (min), .number_max = (max) \
    }

static bool take_flags(struct options *o, int argc, char *const *argv, int *used, char *why)
{
    const struct flag flags[] = {
        {.name = "-h", .text = &o->host},
        {.name = "--host", .text = &o->host},
        NUMBER("-p", port, 1, 65535),
        NUMBER("--port", port, 1, 65535),
        NUMBER("-c", connections, 1, CONNECTIONS_MAX),
        NUMBER("--connections", connections, 1, CONNECTIONS_MAX),
        NUMBER("-P", depth, 1, DEPTH_MAX),
        NUMBER("--depth", depth, 1, DEPTH_MAX),
        NUMBER("-n", requests, 1, MANY),
        NUMBER("--requests", requests, 1, MANY),
        {.name = "-t", .micros = &o->seconds_us},
        {.name = "--seconds", .micros = &o->seconds_us},
        {.name = "--warm-up", .micros = &o->warm_up_us},
        NUMBER("-d", size, 0, SIZE_MAX_BYTES),
        NUMBER("--size", size, 0, SIZE_MAX_BYTES),
        NUMBER("--names", names, 1, MANY),
        NUMBER("--keys", keys, 1, MANY),
        NUMBER("--count-at", count_at, 0, SCAN_DEPTH_MAX),
        {.name = "--topic", .text = &o->topic},
        {.name = "--ack", .text = &o->ack},
        NUMBER("--topics", topics, 1, MANY),
        NUMBER("--partitions", partitions, 1, MANY),
        NUMBER("--batch", batch, 1, MANY),
        NUMBER("--records", records, 1, MANY),
        NUMBER("--count", count, 1, MANY),
        NUMBER("--members", members, 1, CONNECTIONS_MAX),
        NUMBER("--subscribers", subscribers, 1, CONNECTIONS_MAX),
        NUMBER("--window", window, 2, MANY),
        NUMBER("--rate", rate, 1, 1000000),
        NUMBER("--pid", pid, 1, MANY),
        {.name = "--nats", .set = &o->nats},
        {.name = "--json", .set = &o->json},
        {.name = "--help", .set = &o->help},
        {.name = "--version", .set = &o->version},
    };

    return flags_parse(flags, COUNT_OF(flags), argc, argv, used, why);
}

static bool is_command(const char *word)
{
    return word[0] < 'a' || word[0] > 'z';
}

static bool unknown_scenario(const char *word, char *why)
{
    struct nearest nearest;
    int len;

    nearest_init(&nearest, bytes_of_string(word));
    for (size_t i = 0; scenario_name(i) != NULL; i++)
        nearest_offer(&nearest, scenario_name(i));
    len = snprintf(why, FLAGS_WHY_BYTES,
                   "there is no scenario '%.64s' (and commands are in capitals)", word);
    if (nearest.best != NULL)
        snprintf(why + len, (size_t)(FLAGS_WHY_BYTES - len), "; did you mean '%s'?", nearest.best);
    return false;
}

/* The name of a scenario, with options behind it, or else a command for the server, in capitals. */
static bool take_words(struct options *o, int argc, char *const *argv, char *why)
{
    int used = 0;

    if (is_command(argv[0])) {
        o->words = (const char *const *)argv;
        o->word_count = (size_t)argc;
        return true;
    }
    if (!scenario_exists(argv[0]))
        return unknown_scenario(argv[0], why);
    o->scenario = argv[0];
    if (!take_flags(o, argc - 1, argv + 1, &used, why))
        return false;
    if (used == argc - 1)
        return true;
    snprintf(why, FLAGS_WHY_BYTES, "one scenario at a time, and not '%.64s' behind it",
             argv[1 + used]);
    return false;
}

bool options_parse(struct options *o, int argc, char *const *argv, char why[FLAGS_WHY_BYTES])
{
    int used = 0;

    *o = (struct options){.host = "127.0.0.1",
                          .port = PORT_DEFAULT,
                          .seconds_us = SECONDS_DEFAULT_US,
                          .warm_up_us = WARM_UP_DEFAULT_US,
                          .size = SIZE_DEFAULT,
                          .names = 1,
                          .keys = 1,
                          .topics = 1,
                          .partitions = 1,
                          .batch = 1,
                          .records = 1000000,
                          .count = 500,
                          .members = 1,
                          .subscribers = 100,
                          .window = 512,
                          .rate = 5000};
    if (!take_flags(o, argc, argv, &used, why))
        return false;
    if (o->help || o->version)
        return true;
    if (used == argc) {
        snprintf(why, FLAGS_WHY_BYTES, "which scenario, or which command?");
        return false;
    }
    return take_words(o, argc - used, argv + used, why);
}

void options_print_help(FILE *out)
{
    fputs(
        "Usage: echolog-bench [options] scenario [options]\n"
        "       echolog-bench [options] COMMAND word ...\n"
        "\n"
        "Puts load on a server that speaks RESP and prints how many messages a second it took, "
        "how\n"
        "long they took, and with --pid what they cost the server. One thread, requests that are\n"
        "built beforehand; it says so when it was itself too slow. The scenarios:\n"
        "\n",
        out);
    for (size_t i = 0; scenario_name(i) != NULL; i++)
        fprintf(out, "  %-16s %s\n", scenario_name(i), scenario_summary(i));
    fputs("\n"
          "Words of a command may hold {i}, a number that rotates over --names ({i*N}, {i/N} and\n"
          "{i%N} are made of it), {key}, which rotates over --keys, and {payload}; {payload*N} "
          "stands\n"
          "for N such words.\n"
          "\n"
          "  -h, --host name        of the server (default 127.0.0.1)\n"
          "  -p, --port n           (default 3246)\n"
          "  -c, --connections n    (default 50; one to fetch and read)\n"
          "  -P, --depth n          requests under way on each (default 16; 4 to fetch and read)\n"
          "  -n, --requests n       this many, and not for a time\n"
          "  -t, --seconds s        how long to measure (default 3)\n"
          "  --warm-up s            what comes before that (default 0.3)\n"
          "  -d, --size bytes       of a payload (default 100)\n"
          "  --names n              numbers that {i} goes through (default 1)\n"
          "  --keys n               keys that {key} goes through (default 1)\n"
          "  --count-at depth       of a command's replies, count the values at this depth as the\n"
          "                         messages, and send one more request for each (default 0: the "
          "replies)\n"
          "  --topic name           use what is there; without it a topic, stream or group of our "
          "own is\n"
          "                         made, filled where that is needed, and removed\n"
          "  --ack level            of produce and latency: none, written or synced (default: the "
          "topic's)\n"
          "  --topics n             to produce to by turns (default 1)\n"
          "  --partitions n         of each topic, by turns (default 1)\n"
          "  --batch n              values in one MPRODUCE (default 1: PRODUCE)\n"
          "  --records n            to fetch, read or consume (default 1000000)\n"
          "  --count n              of them at a time (default 500)\n"
          "  --members n            of the group that consumes (default 1)\n"
          "  --subscribers n        of fan-out (default 100)\n"
          "  --window n             messages of fan-out under way, so that nobody is cut off "
          "(default 512)\n"
          "  --rate n               messages a second, to measure latency (default 5000)\n"
          "  --nats                 fan-out speaks the protocol of NATS\n"
          "  --pid n                the server's process: show its CPU time and memory\n"
          "  --json                 one JSON object\n"
          "  --help, --version\n"
          "\n"
          "Exit status: 0, 1 when the server has answered with errors, 2 when it could not be "
          "done.\n",
          out);
}
