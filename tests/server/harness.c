/* SPDX-License-Identifier: BSD-3-Clause */
#include "server/harness.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DEADLINE_S 30
#define TEST_S_MAX 240
#define READY "Ready to accept connections on "
#define OUTPUT_BYTES_MAX (256 * 1024)

/* --- time --------------------------------------------------------------------------------------- */

static double now_s(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* Between two looks at a process or file that no descriptor tells about. */
static void pause_between_looks(void)
{
    struct timespec ts = {.tv_nsec = 1000 * 1000};
    nanosleep(&ts, NULL);
}

/* --- processes ---------------------------------------------------------------------------------- */

static const char *program(void)
{
    const char *path = getenv("ECHOLOG_SERVER");
    cr_assert_not_null(path, "ECHOLOG_SERVER names the server to test");
    return path;
}

static const char *input_path = "/dev/null";

void server_feed(const char *path)
{
    input_path = path;
}

/* Starts the program with its output going to the end of the file `output`. */
static pid_t spawn(const char *const *argv, const char *output)
{
    pid_t parent = getpid();
    pid_t pid = fork();
    cr_assert_geq(pid, 0, "fork: %s", strerror(errno));
    if (pid > 0)
        return pid;

    int fd = open(output, O_WRONLY | O_CREAT | O_APPEND, 0600);
    int input = open(input_path, O_RDONLY);
    if (fd < 0 || input < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0 || dup2(input, 0) < 0)
        _exit(126);
    closefrom(3);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(126);
    /* execv does not change the strings. */
    char *copy[SERVER_DIRECTIVES_MAX + 16];
    memcpy(copy, argv, sizeof(copy));
    execv(argv[0], copy);
    _exit(127);
}

/* The exit status, or 128 + the signal that ended it. A process past the deadline is killed. */
static int await(pid_t pid)
{
    double deadline = now_s() + DEADLINE_S;
    int status;
    for (;;) {
        pid_t got = waitpid(pid, &status, WNOHANG);
        cr_assert_geq(got, 0, "waitpid: %s", strerror(errno));
        if (got == pid)
            break;
        if (now_s() > deadline) {
            kill(pid, SIGKILL);
            waitpid(pid, &status, 0);
            cr_assert_fail("the server did not end within %d s", DEADLINE_S);
        }
        pause_between_looks();
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Reads a file from `from` on into `text`; at most room - 1 bytes, NUL-terminated. */
static void read_text(const char *path, off_t from, char *text, size_t room)
{
    text[0] = '\0';
    int fd = open(path, O_RDONLY);
    if (fd < 0)
        return;
    size_t len = 0;
    ssize_t got = 1;
    while (got > 0 && len < room - 1) {
        got = pread(fd, text + len, room - 1 - len, from + (off_t)len);
        len += got > 0 ? (size_t)got : 0;
    }
    text[len] = '\0';
    close(fd);
}

static off_t file_size(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? st.st_size : 0;
}

/* --- the server --------------------------------------------------------------------------------- */

/* Waits for the line that ends the start and takes the port from it. `from` is where the output of
 * this run begins. */
static void await_ready(struct server *s, off_t from)
{
    char *text = malloc(OUTPUT_BYTES_MAX);
    double deadline = now_s() + DEADLINE_S;
    for (;;) {
        read_text(s->output, from, text, OUTPUT_BYTES_MAX);
        char *ready = strstr(text, READY);
        char *line_end = ready != NULL ? strchr(ready, '\n') : NULL;
        if (line_end != NULL) {
            *line_end = '\0';
            s->port = atoi(strrchr(ready, ':') + 1);
            break;
        }
        int status;
        if (waitpid(s->pid, &status, WNOHANG) == s->pid) {
            s->pid = 0;
            cr_assert_fail("the server ended at its start:\n%s", text);
        }
        cr_assert_lt(now_s(), deadline, "the server is not ready after %d s:\n%s", DEADLINE_S,
                     text);
        pause_between_looks();
    }
    cr_assert_gt(s->port, 0, "no port in: %s", text);
    free(text);
}

void server_again(struct server *s)
{
    static const char *const fixed[] = {"--port", "0", "--bind", "127.0.0.1", "--dir"};
    const char *argv[SERVER_DIRECTIVES_MAX + 16] = {program()};
    size_t count = 1;
    if (s->file != NULL)
        argv[count++] = s->file;
    for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
        argv[count++] = fixed[i];
    argv[count++] = s->dir;
    for (size_t i = 0; s->directives[i] != NULL; i++)
        argv[count++] = s->directives[i];
    cr_assert_eq(s->pid, 0, "the server is running already");
    off_t from = file_size(s->output);
    s->pid = spawn(argv, s->output);
    await_ready(s, from);
}

static struct server start(const char *file, const char *directive, va_list args)
{
    struct server s = {.file = file};
    alarm(TEST_S_MAX); /* a test that loops for ever crashes instead */
    const char *tmp = getenv("TMPDIR");
    snprintf(s.scratch, sizeof(s.scratch), "%s/echolog-test-XXXXXX", tmp != NULL ? tmp : "/tmp");
    cr_assert_not_null(mkdtemp(s.scratch), "mkdtemp %s: %s", s.scratch, strerror(errno));
    cr_assert_lt(snprintf(s.dir, sizeof(s.dir), "%s/data", s.scratch), (int)sizeof(s.dir));
    cr_assert_lt(snprintf(s.output, sizeof(s.output), "%s/output", s.scratch),
                 (int)sizeof(s.output));
    cr_assert_eq(mkdir(s.dir, 0700), 0);

    size_t count = 0;
    for (const char *word = directive; word != NULL; word = va_arg(args, const char *)) {
        cr_assert_lt(count, SERVER_DIRECTIVES_MAX - 1);
        s.directives[count++] = word;
    }
    server_again(&s);
    return s;
}

struct server server_start(const char *directive, ...)
{
    va_list args;
    va_start(args, directive);
    struct server s = start(NULL, directive, args);
    va_end(args);
    return s;
}

struct server server_start_file(const char *file, const char *directive, ...)
{
    va_list args;
    va_start(args, directive);
    struct server s = start(file, directive, args);
    va_end(args);
    return s;
}

int server_wait(struct server *s)
{
    int status = await(s->pid);
    s->pid = 0;
    return status;
}

void server_stop(struct server *s)
{
    kill(s->pid, SIGTERM);
    int status = server_wait(s);
    if (status != 0) {
        char *text = malloc(OUTPUT_BYTES_MAX);
        read_text(s->output, 0, text, OUTPUT_BYTES_MAX);
        cr_assert_fail("the server ended with status %d:\n%s", status, text);
    }
}

void server_kill(struct server *s)
{
    kill(s->pid, SIGKILL);
    cr_assert_eq(server_wait(s), 128 + SIGKILL, "it had ended by itself before");
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *walk)
{
    (void)st;
    (void)type;
    (void)walk;
    return remove(path);
}

void server_end(struct server *s)
{
    if (s->pid != 0)
        server_stop(s);
    nftw(s->scratch, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

bool server_has_printed(const struct server *s, const char *text)
{
    char *all = malloc(OUTPUT_BYTES_MAX);
    read_text(s->output, 0, all, OUTPUT_BYTES_MAX);
    bool found = strstr(all, text) != NULL;
    free(all);
    return found;
}

int server_tls_port(const struct server *s)
{
    static const char words[] = "TLS connections on ";
    char *all = malloc(OUTPUT_BYTES_MAX);
    read_text(s->output, 0, all, OUTPUT_BYTES_MAX);
    char *last = NULL;
    for (char *at = all; (at = strstr(at, words)) != NULL; at += sizeof(words))
        last = at;
    cr_assert_not_null(last, "no TLS port in: %s", all);
    last[strcspn(last, "\n")] = '\0';
    int port = atoi(strrchr(last, ':') + 1);
    free(all);
    return port;
}

int server_run(char *output, size_t room, const char *argument, ...)
{
    const char *argv[SERVER_DIRECTIVES_MAX + 16] = {program()};
    va_list args;
    va_start(args, argument);
    size_t count = 1;
    for (const char *word = argument; word != NULL; word = va_arg(args, const char *)) {
        cr_assert_lt(count, SERVER_DIRECTIVES_MAX);
        argv[count++] = word;
    }
    va_end(args);

    char path[] = "/tmp/echolog-run-XXXXXX";
    int fd = mkstemp(path);
    cr_assert_geq(fd, 0);
    close(fd);
    int status = await(spawn(argv, path));
    read_text(path, 0, output, room);
    unlink(path);
    return status;
}

/* --- a client ----------------------------------------------------------------------------------- */

static redisContext *opened(redisContext *c)
{
    struct timeval limit = {.tv_sec = DEADLINE_S};
    cr_assert_not_null(c);
    cr_assert_eq(c->err, 0, "connect: %s", c->errstr);
    cr_assert_eq(redisSetTimeout(c, limit), REDIS_OK);
    return c;
}

redisContext *client_open(const struct server *s)
{
    struct timeval limit = {.tv_sec = DEADLINE_S};
    return opened(redisConnectWithTimeout("127.0.0.1", s->port, limit));
}

redisContext *client_open_unix(const char *path)
{
    return opened(redisConnectUnix(path));
}

redisContext *client_over(int fd)
{
    cr_assert_geq(fd, 0);
    return opened(redisConnectFd(fd));
}

static void write_escaped(FILE *out, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        if (byte >= ' ' && byte <= '~')
            fputc(byte, out);
        else
            fprintf(out, "\\x%02x", byte);
    }
}

static void write_reply(FILE *out, const redisReply *reply)
{
    switch (reply->type) {
    case REDIS_REPLY_STATUS:
        fputc('+', out);
        write_escaped(out, reply->str, reply->len);
        break;
    case REDIS_REPLY_ERROR:
        fputc('-', out);
        write_escaped(out, reply->str, reply->len);
        break;
    case REDIS_REPLY_STRING:
        fputc('"', out);
        write_escaped(out, reply->str, reply->len);
        fputc('"', out);
        break;
    case REDIS_REPLY_INTEGER:
        fprintf(out, "%lld", reply->integer);
        break;
    case REDIS_REPLY_NIL:
        fputs("nil", out);
        break;
    case REDIS_REPLY_ARRAY:
        fputc('(', out);
        for (size_t i = 0; i < reply->elements; i++) {
            fputs(i > 0 ? ", " : "", out);
            write_reply(out, reply->element[i]);
        }
        fputc(')', out);
        break;
    default:
        fprintf(out, "<a reply of type %d>", reply->type);
    }
}

char *reply_text(const redisReply *reply)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    cr_assert_not_null(out);
    write_reply(out, reply);
    fclose(out);
    return text;
}

/* The text of a reply, which it frees; without one, why not. */
static char *take_text(redisContext *c, redisReply *reply)
{
    if (reply == NULL)
        return strdup(c->errstr[0] != '\0' ? c->errstr : "no reply");
    char *text = reply_text(reply);
    freeReplyObject(reply);
    return text;
}

char *client_ask(redisContext *c, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    redisReply *reply = redisvCommand(c, format, args);
    va_end(args);
    return take_text(c, reply);
}

void client_await(redisContext *c, const char *glob, const char *format, ...)
{
    double deadline = now_s() + DEADLINE_S;
    for (;;) {
        va_list args;
        va_start(args, format);
        char *text = take_text(c, redisvCommand(c, format, args));
        va_end(args);
        bool matches = text_like(text, glob);
        cr_assert(matches || now_s() < deadline, "waited for %s, still got %s", glob, text);
        free(text);
        if (matches)
            return;
    }
}

char *client_next(redisContext *c)
{
    void *reply = NULL;
    if (redisGetReply(c, &reply) != REDIS_OK)
        reply = NULL;
    return take_text(c, reply);
}

void client_send(redisContext *c, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    cr_assert_eq(redisvAppendCommand(c, format, args), REDIS_OK);
    va_end(args);
    int done = 0;
    while (!done)
        cr_assert_eq(redisBufferWrite(c, &done), REDIS_OK, "send: %s", c->errstr);
}

bool text_like(const char *text, const char *glob)
{
    return fnmatch(glob, text, FNM_NOESCAPE) == 0;
}

void expect_equal(char *got, const char *expected, int line)
{
    cr_assert_str_eq(got, expected, "line %d: expected %s, got %s", line, expected, got);
    free(got);
}

void expect_like(char *got, const char *glob, int line)
{
    cr_assert(text_like(got, glob), "line %d: expected something like %s, got %s", line, glob, got);
    free(got);
}

/* --- a plain socket ----------------------------------------------------------------------------- */

int raw_open(const struct server *s)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)s->port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_geq(fd, 0);
    int failed = connect(fd, (struct sockaddr *)&address, sizeof(address));
    cr_assert_eq(failed, 0, "connect: %s", strerror(errno));
    struct timeval limit = {.tv_sec = DEADLINE_S};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    return fd;
}

void raw_send(int fd, const void *bytes, size_t len)
{
    const char *at = bytes;
    while (len > 0) {
        ssize_t sent = send(fd, at, len, MSG_NOSIGNAL);
        cr_assert_gt(sent, 0, "send: %s", strerror(errno));
        at += sent;
        len -= (size_t)sent;
    }
}

void raw_send_while_open(int fd, const void *bytes, size_t len)
{
    const char *at = bytes;
    for (ssize_t sent = 0; len > 0; at += sent, len -= (size_t)sent) {
        sent = send(fd, at, len, MSG_NOSIGNAL);
        if (sent < 0 && (errno == ECONNRESET || errno == EPIPE))
            return;
        cr_assert_gt(sent, 0, "send: %s", strerror(errno));
    }
}

void raw_expect(int fd, const char *expected)
{
    size_t len = strlen(expected);
    char *got = calloc(1, len + 1);
    for (size_t at = 0; at < len;) {
        ssize_t n = recv(fd, got + at, len - at, 0);
        cr_assert_gt(n, 0, "expected '%s', got '%s' and then %s", expected, got,
                     n == 0 ? "the end" : strerror(errno));
        at += (size_t)n;
        if (strncmp(got, expected, at) != 0)
            break;
    }
    cr_assert_str_eq(got, expected, "expected '%s', got '%s'", expected, got);
    free(got);
}

char *raw_read_until(int fd, const char *ending)
{
    size_t len = 0, room = 256, ending_len = strlen(ending);
    char *text = malloc(room);
    for (;;) {
        if (len + 1 == room)
            text = realloc(text, room *= 2);
        ssize_t n = recv(fd, text + len, 1, 0);
        text[len + (n > 0)] = '\0';
        cr_assert_gt(n, 0, "'%s' and then %s, before '%s' came", text,
                     n == 0 ? "the end" : strerror(errno), ending);
        len++;
        if (len >= ending_len && memcmp(text + len - ending_len, ending, ending_len) == 0)
            return text;
    }
}

void raw_expect_closed(int fd)
{
    char byte;
    ssize_t n = recv(fd, &byte, 1, 0);
    cr_assert(n == 0 || (n < 0 && errno == ECONNRESET), "the connection is not closed: %s",
              n > 0 ? "another byte came" : strerror(errno));
}
