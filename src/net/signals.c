/* SPDX-License-Identifier: BSD-3-Clause */
/* Signals by way of a signalfd, so that they arrive between two turns and never inside a call. */
#include "net/signals.h"

#include "base/mem.h"
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

struct signals {
    struct reactor_watch watch;
    struct reactor *reactor; /* borrowed, outlives this */
    int fd;                  /* owned */
    sigset_t wanted;
    void (*received)(void *ctx, int signal);
    void *ctx; /* borrowed */
};

/* One per turn: `received` may destroy us. The descriptor stays readable while there are more. */
static void signals_ready(struct reactor_watch *watch, unsigned events)
{
    (void)events;
    struct signals *s = CONTAINER_OF(watch, struct signals, watch);
    struct signalfd_siginfo info;
    if (read(s->fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
        s->received(s->ctx, (int)info.ssi_signo);
}

void signals_ignore(void)
{
    static const int ignored[] = {SIGPIPE, SIGXFSZ, SIGUSR1, SIGUSR2, SIGHUP};
    for (size_t i = 0; i < COUNT_OF(ignored); i++)
        signal(ignored[i], SIG_IGN);
}

enum err signals_create(struct reactor *r, void (*received)(void *ctx, int signal), void *ctx,
                        struct signals **signals)
{
    sigset_t wanted;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGINT);
    sigaddset(&wanted, SIGTERM);
    sigaddset(&wanted, SIGHUP);
    int fd = signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0)
        return err_from_errno(errno);

    struct signals *s = mem_zalloc(1, sizeof(*s));
    *s = (struct signals){
        .reactor = r, .fd = fd, .wanted = wanted, .received = received, .ctx = ctx};
    s->watch.ready = signals_ready;
    enum err err = reactor_watch(r, &s->watch, fd, REACTOR_READ);
    if (err != ERR_OK) {
        close(fd);
        mem_free(s);
        return err;
    }
    pthread_sigmask(SIG_BLOCK, &wanted, NULL);
    signals_ignore();
    signal(SIGHUP, SIG_DFL); /* one that is ignored (nohup) would not become an event */
    *signals = s;
    return ERR_OK;
}

void signals_release(struct signals *s, int number)
{
    sigset_t one;
    sigdelset(&s->wanted, number);
    int fd = signalfd(s->fd, &s->wanted, SFD_CLOEXEC | SFD_NONBLOCK);
    ASSERT(fd == s->fd);
    sigemptyset(&one);
    sigaddset(&one, number);
    pthread_sigmask(SIG_UNBLOCK, &one, NULL);
}

void signals_destroy(struct signals *s)
{
    reactor_unwatch(s->reactor, &s->watch);
    close(s->fd);
    mem_free(s);
}
