/* SPDX-License-Identifier: BSD-3-Clause */
#include "crash/process.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define READY "Ready to accept connections on "
#define OUTPUT_MAX (1024 * 1024)

double now_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

void sleep_ms(double ms)
{
    struct timespec ts = {.tv_sec = (time_t)(ms / 1e3)};
    ts.tv_nsec = (long)((ms - (double)ts.tv_sec * 1e3) * 1e6);
    nanosleep(&ts, NULL);
}

static void die(const char *what, const char *path)
{
    fprintf(stderr, "%s %s: %s\n", what, path, strerror(errno));
    exit(2);
}

bool run(const char *format, ...)
{
    char command[2048];
    va_list args;
    va_start(args, format);
    vsnprintf(command, sizeof(command), format, args);
    va_end(args);
    return system(command) == 0;
}

void process_init(struct process *p)
{
    const char *tmp = getenv("TMPDIR");
    const char *program = getenv("ECHOLOG_SERVER");
    memset(p, 0, sizeof(*p));
    if (program == NULL) {
        fprintf(stderr, "ECHOLOG_SERVER names the server to test\n");
        exit(2);
    }
    snprintf(p->program, sizeof(p->program), "%s", program);
    snprintf(p->scratch, sizeof(p->scratch) - 16, "%s/echolog-crash-XXXXXX",
             tmp != NULL ? tmp : "/tmp");
    if (mkdtemp(p->scratch) == NULL)
        die("mkdtemp", p->scratch);
    snprintf(p->dir, sizeof(p->dir), "%.200s/data", p->scratch);
    snprintf(p->output, sizeof(p->output), "%.200s/output", p->scratch);
}

void process_deinit(struct process *p)
{
    if (p->pid != 0)
        process_kill(p);
    run("rm -rf '%s'", p->scratch);
}

/* --- its life ------------------------------------------------------------------------------- */

/* In the child. */
static void become_server(const struct process *p, pid_t parent)
{
    int out = open(p->output, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
    int null = open("/dev/null", O_RDONLY);
    if (out < 0 || null < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0 || dup2(null, 0) < 0)
        _exit(126);
    closefrom(3);
    if (p->files_max > 0) {
        struct rlimit limit = {p->files_max, p->files_max};
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    if (p->user != 0 && (setgid(p->user) != 0 || setuid(p->user) != 0))
        _exit(126);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(126);

    const char *argv[PROCESS_ARGUMENTS_MAX + 16] = {
        p->program, "--port", "0", "--bind", "127.0.0.1", "--dir", p->dir,
    };
    size_t count = 7;
    for (size_t i = 0; p->arguments[i] != NULL; i++)
        argv[count++] = p->arguments[i];
    char *copy[PROCESS_ARGUMENTS_MAX + 16]; /* execv does not change the strings */
    memcpy(copy, argv, sizeof(copy));
    execv(p->program, copy);
    _exit(127);
}

void process_spawn(struct process *p)
{
    unlink(p->output); /* it is ready when *this* run says so */
    pid_t parent = getpid();
    fflush(NULL);
    p->port = 0;
    p->pid = fork();
    if (p->pid < 0)
        die("fork", p->program);
    if (p->pid == 0)
        become_server(p, parent);
}

bool process_await_ready(struct process *p)
{
    double deadline = now_ms() + PROCESS_DEADLINE_MS;
    while (now_ms() < deadline) {
        bool ended = waitpid(p->pid, NULL, WNOHANG) == p->pid;
        char *text = process_output(p);
        char *ready = strstr(text, READY);
        char *end = ready != NULL ? strchr(ready, '\n') : NULL;
        if (end != NULL) {
            *end = '\0';
            p->port = atoi(strrchr(ready, ':') + 1);
        }
        free(text);
        if (ended) {
            p->pid = 0;
            return false;
        }
        if (p->port != 0)
            return true;
        sleep_ms(0.5);
    }
    process_kill(p);
    return false;
}

bool process_start(struct process *p)
{
    process_spawn(p);
    return process_await_ready(p);
}

void process_signal(const struct process *p, int number)
{
    kill(p->pid, number);
}

int process_wait(struct process *p)
{
    double deadline = now_ms() + PROCESS_DEADLINE_MS;
    int status;
    while (waitpid(p->pid, &status, WNOHANG) != p->pid) {
        if (now_ms() > deadline) {
            kill(p->pid, SIGKILL);
            waitpid(p->pid, &status, 0);
            p->pid = 0;
            return -1;
        }
        sleep_ms(0.2);
    }
    p->pid = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool process_kill(struct process *p)
{
    kill(p->pid, SIGKILL);
    return process_wait(p) == 128 + SIGKILL;
}

/* --- what it says ----------------------------------------------------------------------------- */

char *process_output(const struct process *p)
{
    char *text = calloc(1, OUTPUT_MAX);
    int fd = open(p->output, O_RDONLY | O_CLOEXEC);
    ssize_t got = 0;
    for (size_t len = 0; fd >= 0 && len < OUTPUT_MAX - 1; len += (size_t)got) {
        got = read(fd, text + len, OUTPUT_MAX - 1 - len);
        if (got <= 0)
            break;
    }
    if (fd >= 0)
        close(fd);
    return text;
}

bool process_printed(const struct process *p, const char *text)
{
    char *all = process_output(p);
    bool found = strstr(all, text) != NULL;
    free(all);
    return found;
}
