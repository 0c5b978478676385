/* SPDX-License-Identifier: BSD-3-Clause */
/* The server under test as a process: started on a data directory and a free port, killed, stopped. It dies
 * with the test. */
#ifndef TESTS_CRASH_PROCESS_H
#define TESTS_CRASH_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

#define PROCESS_PATH_MAX 256
#define PROCESS_ARGUMENTS_MAX 32
#define PROCESS_DEADLINE_MS 30000

struct process {
    pid_t pid; /* 0: not running */
    int port;
    char program[2 * PROCESS_PATH_MAX];
    char scratch[PROCESS_PATH_MAX];                   /* a directory of its own */
    char dir[PROCESS_PATH_MAX];                       /* the data directory */
    char output[PROCESS_PATH_MAX];                    /* what it printed since its last start */
    const char *arguments[PROCESS_ARGUMENTS_MAX + 1]; /* further ones, up to NULL; borrowed */
    uid_t user;                                       /* whom it runs as; 0: as we do */
    unsigned files_max;                               /* a limit of open files; 0: as it is */
};

double now_ms(void);
void sleep_ms(double ms);

/* The program is $ECHOLOG_SERVER. Makes the scratch directory, in $TMPDIR or /tmp. Ends the program when it cannot. */
void process_init(struct process *p);
/* Removes it. */
void process_deinit(struct process *p);

/* Starts it; returns at once. */
void process_spawn(struct process *p);
/* Waits until it accepts connections. False: it ended, or is not ready in time. */
bool process_await_ready(struct process *p);
/* Both. */
bool process_start(struct process *p);
void process_signal(const struct process *p, int number);
/* The exit status, or 128 + signal; -1 and killed when it does not end in time. */
int process_wait(struct process *p);
/* SIGKILL, and waits. False: it had ended before by itself. */
bool process_kill(struct process *p);

/* What it printed since its start, malloc'ed. */
char *process_output(const struct process *p);
bool process_printed(const struct process *p, const char *text);
/* Runs a command made as printf does; false when it failed. */
bool run(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
