/* SPDX-License-Identifier: BSD-3-Clause */
#include "lab/host.h"
#include "base/mem.h"
#include "cli/connection.h"
#include "cli/interrupt.h"
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOOK_US 2000 /* between two looks at a condition */
#define LOG_BYTES_MAX (64 * 1024)
#define READY "Ready to accept connections on "

/* --- the program and the directory ---------------------------------------------------------------- */

/* A path is what execv takes; a bare name is looked for in PATH. */
static void find_program(struct host *h)
{
    char self[HOST_PATH_BYTES / 2];
    ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

    snprintf(h->program, sizeof(h->program), "echolog-server");
    if (len <= 0)
        return;
    self[len] = '\0';
    char *slash = strrchr(self, '/');
    if (slash == NULL)
        return;
    *slash = '\0';
    char beside[HOST_PATH_BYTES];
    snprintf(beside, sizeof(beside), "%s/echolog-server", self);
    if (access(beside, X_OK) == 0)
        snprintf(h->program, sizeof(h->program), "%s", beside);
}

static bool make_dir(struct host *h)
{
    const char *tmp = getenv("TMPDIR");

    if (h->dir[0] != '\0')
        return true;
    snprintf(h->dir, sizeof(h->dir), "%s/echolog-lab-XXXXXX",
             tmp != NULL && tmp[0] != '\0' ? tmp : "/tmp");
    if (mkdtemp(h->dir) != NULL)
        return true;
    snprintf(h->why, sizeof(h->why), "no directory for a server: %s: %s", h->dir, strerror(errno));
    h->dir[0] = '\0';
    return false;
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status;
    (void)kind;
    (void)walk;
    (void)remove(path); /* what cannot be removed is left */
    return 0;
}

/* --- the process ---------------------------------------------------------------------------------- */

/* What the environment says of servers is about another one. */
static void forget_directives(void)
{
    static const char prefix[] = "ECHOLOG_";
    char **at = environ;

    while (*at != NULL) {
        char name[HOST_PATH_BYTES];
        size_t len = strcspn(*at, "=");

        if (strncmp(*at, prefix, sizeof(prefix) - 1) != 0 || len >= sizeof(name)) {
            at++;
            continue;
        }
        memcpy(name, *at, len);
        name[len] = '\0';
        unsetenv(name); /* moves what is behind it here */
    }
}

/* Never returns. A group of its own: a Ctrl-C at the terminal is for the learner's program alone. */
static void run_server(const struct host *h, pid_t parent)
{
    char data[HOST_PATH_BYTES + 8], log[HOST_PATH_BYTES + 8], port[16] = "any";
    int null = open("/dev/null", O_RDWR);
    int out = -1;

    snprintf(data, sizeof(data), "%s/data", h->dir);
    snprintf(log, sizeof(log), "%s/log", h->dir);
    if (h->port != 0)
        snprintf(port, sizeof(port), "%d", h->port);
    out = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (null >= 0 && out >= 0) {
        dup2(null, STDIN_FILENO);
        dup2(out, STDOUT_FILENO);
        dup2(out, STDERR_FILENO);
    }
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    forget_directives();
    if (getppid() != parent)
        _exit(1);
    execlp(h->program, "echolog-server", "--port", port, "--bind", "127.0.0.1", "--dir", data,
           "--log-retention-check-ms", "50", NULL);
    int failed = errno;
    dprintf(STDOUT_FILENO, "%s: %s\n", h->program, strerror(failed));
    _exit(failed == ENOENT ? 127 : 126);
}

static bool ended(struct host *h, int *status)
{
    if (waitpid(h->pid, status, WNOHANG) != h->pid)
        return false;
    h->pid = 0;
    return true;
}

/* Its log as a string, from the beginning. */
static void read_log(const struct host *h, char *text, size_t room)
{
    char path[HOST_PATH_BYTES + 8];
    size_t len = 0;

    snprintf(path, sizeof(path), "%s/log", h->dir);
    FILE *log = fopen(path, "re");
    if (log != NULL) {
        len = fread(text, 1, room - 1, log);
        fclose(log);
    }
    text[len] = '\0';
}

/* The line "Ready to accept connections on 127.0.0.1:41233" with its end. */
static bool find_port(const char *log, int *port)
{
    const char *ready = strstr(log, READY), *colon;

    if (ready == NULL || strchr(ready, '\n') == NULL)
        return false;
    colon = strchr(ready, ':');
    return colon != NULL && sscanf(colon + 1, "%d", port) == 1;
}

static enum err start_failed(struct host *h, const char *log, int status)
{
    size_t len = strlen(log);
    const char *tail = len > HOST_WHY_BYTES / 2 ? log + len - HOST_WHY_BYTES / 2 : log;
    bool missing = WIFEXITED(status) && WEXITSTATUS(status) == 127;

    if (missing)
        snprintf(h->why, sizeof(h->why),
                 "there is no echolog-server, neither beside this program nor in PATH");
    else
        snprintf(h->why, sizeof(h->why), "the server '%s' did not start:\n%s", h->program, tail);
    return missing ? ERR_NOT_FOUND : ERR_IO;
}

static enum err await_ready(struct host *h, int interrupt_fd, char *log)
{
    int64_t deadline_ms = connection_now_ms() + HOST_START_MS_MAX;
    int status = 0;

    for (;;) {
        read_log(h, log, LOG_BYTES_MAX);
        if (find_port(log, &h->port))
            return ERR_OK;
        if (ended(h, &status)) {
            read_log(h, log, LOG_BYTES_MAX);
            return start_failed(h, log, status);
        }
        if (interrupt_pending(interrupt_fd) || connection_now_ms() > deadline_ms) {
            host_kill(h);
            return start_failed(h, log, 0);
        }
        usleep(LOOK_US);
    }
}

enum err host_start(struct host *h, int interrupt_fd)
{
    pid_t parent = getpid();

    find_program(h);
    if (!make_dir(h))
        return ERR_IO;
    /* What an earlier one said does not count. */
    char path[HOST_PATH_BYTES + 8];
    snprintf(path, sizeof(path), "%s/log", h->dir);
    unlink(path);
    h->pid = fork();
    if (h->pid == 0)
        run_server(h, parent);
    if (h->pid < 0) {
        h->pid = 0;
        snprintf(h->why, sizeof(h->why), "no process for a server: %s", strerror(errno));
        return ERR_IO;
    }
    char *log = mem_alloc(LOG_BYTES_MAX);
    enum err err = await_ready(h, interrupt_fd, log);
    mem_free(log);
    return err;
}

void host_stop(struct host *h)
{
    int64_t deadline_ms = connection_now_ms() + HOST_STOP_MS_MAX;
    int status;

    if (h->pid == 0)
        return;
    kill(h->pid, SIGTERM);
    while (!ended(h, &status) && connection_now_ms() < deadline_ms)
        usleep(LOOK_US);
    host_kill(h);
}

void host_kill(struct host *h)
{
    if (h->pid == 0)
        return;
    kill(h->pid, SIGKILL);
    waitpid(h->pid, NULL, 0);
    h->pid = 0;
}

void host_remove(struct host *h)
{
    host_stop(h);
    if (h->dir[0] != '\0')
        nftw(h->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    h->dir[0] = '\0';
}
