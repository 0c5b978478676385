/* SPDX-License-Identifier: BSD-3-Clause */
#include "broker_fixture.h"

#include <criterion/criterion.h>

#define SETTLE_TURNS 50

static void stand_still(struct clock *clock)
{
    (void)clock;
}

static void no_sink(struct trace *t, enum trace_level level, const char *line)
{
    (void)t;
    (void)level;
    (void)line;
}

static void no_figures(struct services *sv, struct process_figures *figures)
{
    (void)sv;
    *figures = (struct process_figures){.allocator = "none"};
}

static void start(struct fixture *f)
{
    struct broker_options options = {.config = &f->config,
                                     .disk = &f->disk->disk,
                                     .clock = &f->clock,
                                     .trace = &f->trace,
                                     .seed = 1,
                                     .config_file = "",
                                     .process_figures = no_figures};
    cr_assert_eq(broker_create(&options, &f->broker), ERR_OK);
    for (int i = 0; i < FIXTURE_CLIENTS; i++) {
        f->clients[i] = memory_client_create();
        broker_accept(f->broker, &f->clients[i]->stream);
    }
}

static void stop(struct fixture *f)
{
    f->disk->hold = false;
    enum err err = broker_destroy(f->broker);
    (void)err; /* a disk that was made to fail fails here too */
    for (int i = 0; i < FIXTURE_CLIENTS; i++)
        memory_client_destroy(f->clients[i]);
}

void fixture_init(struct fixture *f)
{
    memset(f, 0, sizeof(*f));
    config_init(&f->config);
    f->clock = (struct clock){.wall_ms = 1000000, .mono_us = 1000000, .update = stand_still};
    f->trace = (struct trace){.level = TRACE_WARNING, .sink = no_sink};
    f->disk = fake_disk_create();
    start(f);
}

void fixture_deinit(struct fixture *f)
{
    stop(f);
    fake_disk_destroy(f->disk);
    config_deinit(&f->config);
}

void fixture_restart(struct fixture *f)
{
    stop(f);
    start(f);
}

void fixture_power_cut(struct fixture *f)
{
    fake_disk_power_off(f->disk);
    stop(f);
    fake_disk_power_on(f->disk, FAKE_KEEP_SYNCED, 1);
    start(f);
}

void fixture_turn(struct fixture *f)
{
    f->clock.mono_us += 1000;
    f->clock.wall_ms += 1;
    for (int i = 0; i < FIXTURE_CLIENTS; i++)
        memory_client_turn(f->clients[i]);
    broker_tick(f->broker);
}

void fixture_settle(struct fixture *f)
{
    for (int i = 0; i < SETTLE_TURNS; i++)
        fixture_turn(f);
}

const char *fixture_say(struct fixture *f, int client, const char *lines)
{
    memory_client_send(f->clients[client], lines);
    fixture_settle(f);
    return memory_client_received(f->clients[client]);
}

const char *fixture_received(struct fixture *f, int client)
{
    return memory_client_received(f->clients[client]);
}
