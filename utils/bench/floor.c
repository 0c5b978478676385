/* SPDX-License-Identifier: BSD-3-Clause */
/* The floor: what is left of a server when all is taken away that makes it one. Other servers are held against it.
 *
 *     bench-floor answer REQUEST_BYTES REPLY         answers each request with REPLY
 *     bench-floor write REQUEST_BYTES REPLY FILE     and has appended it to FILE before, with one write for all that
 *                                                    came in a turn
 *     bench-floor sync REQUEST_BYTES REPLY FILE [N]  and has synced that, once in a turn; with N the requests go to as
 *                                                    many files by turns, each of them written and synced for itself
 *     bench-floor fan-out REQUEST_BYTES FRAME        answers ":1", and sends FRAME to every subscriber
 *     bench-floor stored REQUEST_BYTES REPLY_BYTES FILE   answers each request with the next bytes of a file
 *
 * It listens on a free port of 127.0.0.1 and prints it. In REPLY and FRAME \r and \n are written as two characters each.
 *
 * What it does not do: it parses nothing. It knows how long a request is, and takes what comes for so many of them;
 * a connection that begins with SUBSCRIBE is a subscriber for good. No names, topics, offsets, checksums, indexes, limits,
 * accounts, statistics, timers or errors: when a system call fails, it ends. No request is cut in pieces for others'
 * sake. Everything that costs time here, another server has to do as well. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define CLIENTS_MAX 65536 /* descriptors */
#define EVENTS_MAX 1024
#define ROOM_BYTES ((size_t)256 * 1024)
#define BLOCK_BYTES ((size_t)256 * 1024) /* of what is sent again and again */
#define TURN_BYTES ((size_t)64 * 1024 * 1024)
#define FILES_MAX 1000

enum mode { MODE_ANSWER, MODE_WRITE, MODE_SYNC, MODE_FAN_OUT, MODE_STORED };

/* What a client is sent is one text again and again: how much of it is owed, and where in it we are. */
struct text {
    char *block; /* as often as it fits */
    size_t len, block_len;
};

struct client {
    int fd;       /* 0: none */
    size_t rest;  /* bytes of a request that has begun */
    size_t owed;  /* bytes */
    size_t place; /* in the text */
    bool greeted; /* its first bytes were looked at */
    bool subscriber;
    bool wants_out;
    bool touched; /* in this turn */
};

/* What came in this turn for one file. */
struct file {
    int fd;
    char *turn;
    size_t len;
};

struct floor {
    enum mode mode;
    int epoll_fd, listen_fd;
    int stored_fd;
    struct file *files;
    size_t file_count;
    size_t file_next; /* takes the next request */
    size_t request_len;
    struct text reply, frame;
    char *room;        /* what was read */
    uint64_t messages; /* to be sent to subscribers in this turn */
    off_t stored_len, at;
    struct client *clients; /* by descriptor */
    int *touched, *subscribers;
    size_t touched_count, subscriber_count;
};

static void fail(const char *what)
{
    fprintf(stderr, "bench-floor: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void check(bool good, const char *what)
{
    if (!good)
        fail(what);
}

/* --- sending -------------------------------------------------------------------------------------- */

static void watch_out(struct floor *f, struct client *c, bool on)
{
    struct epoll_event event = {.events = EPOLLIN | (on ? (uint32_t)EPOLLOUT : 0),
                                .data.fd = c->fd};

    if (c->wants_out == on)
        return;
    c->wants_out = on;
    check(epoll_ctl(f->epoll_fd, EPOLL_CTL_MOD, c->fd, &event) == 0, "epoll");
}

/* One write when the socket has room for all of it and the block is long enough. */
static void send_owed(struct floor *f, struct client *c, const struct text *text)
{
    while (c->owed > 0) {
        size_t len = text->block_len - c->place;
        ssize_t sent;

        if (len > c->owed)
            len = c->owed;
        sent = send(c->fd, text->block + c->place, len, MSG_NOSIGNAL);
        if (sent < 0 && errno == EAGAIN) {
            watch_out(f, c, true);
            return;
        }
        if (sent < 0) { /* it has gone, which shows where it is read */
            c->owed = 0;
            break;
        }
        c->owed -= (size_t)sent;
        c->place = (c->place + (size_t)sent) % text->len;
    }
    watch_out(f, c, false);
}

/* The next reply of the file, which goes round. A client that does not take it all at once is waited for. */
static void send_stored(struct floor *f, struct client *c)
{
    for (; c->owed > 0; c->owed--) {
        size_t len = f->reply.len;

        if (f->at + (off_t)len > f->stored_len)
            f->at = 0;
        check(pread(f->stored_fd, f->reply.block, len, f->at) == (ssize_t)len, "pread");
        f->at += (off_t)len;
        for (size_t sent = 0; sent < len;) {
            ssize_t n = send(c->fd, f->reply.block + sent, len - sent, MSG_NOSIGNAL);

            if (n < 0 && errno != EAGAIN)
                break;
            sent += n > 0 ? (size_t)n : 0;
        }
    }
}

/* --- receiving ------------------------------------------------------------------------------------- */

static void greet(struct floor *f, struct client *c, size_t len)
{
    static const char confirmed[] = "*3\r\n$9\r\nsubscribe\r\n$13\r\necholog-bench\r\n:1\r\n";

    c->greeted = true;
    if (f->mode != MODE_FAN_OUT || memmem(f->room, len, "SUBSCRIBE", 9) == NULL)
        return;
    c->subscriber = true;
    f->subscribers[f->subscriber_count++] = c->fd;
    (void)send(c->fd, confirmed, sizeof(confirmed) - 1, MSG_NOSIGNAL);
}

static void drop(struct floor *f, struct client *c)
{
    for (size_t i = 0; i < f->subscriber_count; i++)
        if (f->subscribers[i] == c->fd)
            f->subscribers[i] = f->subscribers[--f->subscriber_count];
    close(c->fd);
    *c = (struct client){0};
}

/* What was read, for the file or files. With several a request is cut at most where a read was. */
static void keep(struct floor *f, size_t len)
{
    for (size_t at = 0; f->file_count > 0 && at < len;) {
        struct file *file = &f->files[f->file_next];
        size_t part = f->file_count > 1 && len - at > f->request_len ? f->request_len : len - at;

        check(file->len + part <= TURN_BYTES / f->file_count, "too much in one turn");
        memcpy(file->turn + file->len, f->room + at, part);
        file->len += part;
        at += part;
        f->file_next = (f->file_next + 1) % f->file_count;
    }
}

static void take_in(struct floor *f, struct client *c)
{
    ssize_t len = recv(c->fd, f->room, ROOM_BYTES, 0);
    size_t requests;

    if (len < 0 && errno == EAGAIN)
        return;
    if (len <= 0) {
        drop(f, c);
        return;
    }
    if (!c->greeted)
        greet(f, c, (size_t)len);
    if (c->subscriber)
        return;
    requests = (c->rest + (size_t)len) / f->request_len;
    c->rest = (c->rest + (size_t)len) % f->request_len;
    c->owed += requests * (f->mode == MODE_STORED ? 1 : f->reply.len);
    f->messages += requests;
    keep(f, (size_t)len);
    if (!c->touched)
        f->touched[f->touched_count++] = c->fd;
    c->touched = true;
}

static void take_clients(struct floor *f)
{
    int one = 1, fd;

    while ((fd = accept4(f->listen_fd, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

        check(fd < CLIENTS_MAX, "too many clients");
        f->clients[fd] = (struct client){.fd = fd};
        check(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) == 0, "TCP_NODELAY");
        check(epoll_ctl(f->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0, "epoll");
    }
    check(errno == EAGAIN, "accept");
}

/* --- a turn ------------------------------------------------------------------------------------------ */

/* What came in is written, then answered. */
static void end_turn(struct floor *f)
{
    for (size_t i = 0; i < f->file_count; i++) {
        struct file *file = &f->files[i];

        if (file->len == 0)
            continue;
        check(write(file->fd, file->turn, file->len) == (ssize_t)file->len, "write");
        file->len = 0;
        check(f->mode != MODE_SYNC || fdatasync(file->fd) == 0, "fdatasync");
    }
    if (f->mode == MODE_FAN_OUT && f->messages > 0)
        for (size_t i = 0; i < f->subscriber_count; i++) {
            struct client *c = &f->clients[f->subscribers[i]];

            c->owed += f->messages * f->frame.len;
            if (!c->wants_out)
                send_owed(f, c, &f->frame);
        }
    for (size_t i = 0; i < f->touched_count; i++) {
        struct client *c = &f->clients[f->touched[i]];

        c->touched = false;
        if (f->mode == MODE_STORED)
            send_stored(f, c);
        else if (c->fd != 0 && !c->wants_out)
            send_owed(f, c, &f->reply);
    }
    f->touched_count = 0;
    f->messages = 0;
}

static void serve(struct floor *f)
{
    struct epoll_event events[EVENTS_MAX];

    for (;;) {
        int count = epoll_wait(f->epoll_fd, events, EVENTS_MAX, -1);

        check(count >= 0 || errno == EINTR, "epoll");
        for (int i = 0; i < count; i++) {
            struct client *c = &f->clients[events[i].data.fd];

            if (events[i].data.fd == f->listen_fd) {
                take_clients(f);
                continue;
            }
            if ((events[i].events & EPOLLOUT) != 0)
                send_owed(f, c, c->subscriber ? &f->frame : &f->reply);
            if ((events[i].events & ~(uint32_t)EPOLLOUT) != 0)
                take_in(f, c);
        }
        end_turn(f);
    }
}

/* --- the command line -------------------------------------------------------------------------------- */

static void usage(void)
{
    fputs("usage: bench-floor answer|write|sync|fan-out REQUEST_BYTES TEXT [FILE [N]]\n"
          "       bench-floor stored REQUEST_BYTES REPLY_BYTES FILE\n",
          stderr);
    exit(2);
}

static char *unescape(const char *text, size_t *len)
{
    char *data = malloc(strlen(text) + 1);

    check(data != NULL, "memory");
    for (*len = 0; *text != '\0'; text++) {
        bool escape = text[0] == '\\' && (text[1] == 'r' || text[1] == 'n');

        text += escape;
        data[(*len)++] = !escape ? *text : *text == 'r' ? '\r' : '\n';
    }
    return data;
}

/* As often as it fits into a block, and once more: whatever place one is at, a block's length follows. */
static void text_init(struct text *t, const char *given)
{
    char *once = unescape(given, &t->len);

    t->block_len = (BLOCK_BYTES / t->len + 1) * t->len;
    t->block = malloc(t->block_len);
    check(t->block != NULL, "memory");
    for (size_t at = 0; at < t->block_len; at += t->len)
        memcpy(t->block + at, once, t->len);
    free(once);
}

static void listen_anywhere(struct floor *f)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct epoll_event event = {.events = EPOLLIN};
    socklen_t len = sizeof(address);

    f->epoll_fd = epoll_create1(0);
    f->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    check(f->epoll_fd >= 0 && f->listen_fd >= 0, "socket");
    check(bind(f->listen_fd, (struct sockaddr *)&address, len) == 0, "bind");
    check(listen(f->listen_fd, SOMAXCONN) == 0, "listen");
    check(getsockname(f->listen_fd, (struct sockaddr *)&address, &len) == 0, "getsockname");
    event.data.fd = f->listen_fd;
    check(epoll_ctl(f->epoll_fd, EPOLL_CTL_ADD, f->listen_fd, &event) == 0, "epoll");
    printf("listening on port %d\n", ntohs(address.sin_port));
    fflush(stdout);
}

static void open_stored(struct floor *f, const char *path, const char *reply_bytes)
{
    struct stat info;

    f->stored_fd = open(path, O_RDONLY);
    check(f->stored_fd >= 0 && fstat(f->stored_fd, &info) == 0, path);
    f->stored_len = info.st_size;
    f->reply.len = (size_t)strtoull(reply_bytes, NULL, 10);
    f->reply.block = malloc(f->reply.len + 1);
    check(f->reply.block != NULL && f->reply.len > 0, "memory");
}

static void open_files(struct floor *f, const char *path, size_t count)
{
    f->file_count = count;
    f->files = calloc(count, sizeof(*f->files));
    check(f->files != NULL, "memory");
    for (size_t i = 0; i < count; i++) {
        char name[4096];

        snprintf(name, sizeof(name), "%s-%zu", path, i);
        f->files[i].fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
        f->files[i].turn = malloc(TURN_BYTES / count);
        check(f->files[i].fd >= 0 && f->files[i].turn != NULL, name);
    }
}

static void init(struct floor *f)
{
    struct rlimit limit = {CLIENTS_MAX, CLIENTS_MAX};

    (void)setrlimit(RLIMIT_NOFILE, &limit);
    f->clients = calloc(CLIENTS_MAX, sizeof(*f->clients));
    f->touched = calloc(CLIENTS_MAX, sizeof(int));
    f->subscribers = calloc(CLIENTS_MAX, sizeof(int));
    f->room = malloc(ROOM_BYTES);
    check(f->clients && f->touched && f->subscribers && f->room, "memory");
}

int main(int argc, char **argv)
{
    static const char *const modes[] = {"answer", "write", "sync", "fan-out", "stored"};
    struct floor f = {0};

    while (f.mode <= MODE_STORED && (argc < 4 || strcmp(argv[1], modes[f.mode]) != 0))
        f.mode++;
    if (f.mode > MODE_STORED || argc < (f.mode == MODE_ANSWER || f.mode == MODE_FAN_OUT ? 4 : 5))
        usage();
    init(&f);
    f.request_len = (size_t)strtoull(argv[2], NULL, 10);
    if (f.request_len == 0)
        usage();
    if (f.mode == MODE_STORED) {
        open_stored(&f, argv[4], argv[3]);
    } else {
        text_init(&f.reply, f.mode == MODE_FAN_OUT ? ":1\\r\\n" : argv[3]);
        text_init(&f.frame, argv[3]);
    }
    if (f.mode == MODE_WRITE || f.mode == MODE_SYNC) {
        size_t count = argc > 5 ? (size_t)strtoull(argv[5], NULL, 10) : 1;

        if (count == 0 || count > FILES_MAX)
            usage();
        open_files(&f, argv[4], count);
    }
    listen_anywhere(&f);
    serve(&f);
}
