/* SPDX-License-Identifier: BSD-3-Clause */
#include "server/ports.h"

#include <string.h>

/* "*" stands for every IPv4 address, "::*" for every IPv6 one. */
static const char *numeric(const char *address)
{
    if (strcmp(address, "*") == 0)
        return "0.0.0.0";
    if (strcmp(address, "::*") == 0)
        return "::";
    return address;
}

static const char *reason(enum err err)
{
    switch (err) {
    case ERR_EXISTS:
        return "the port is in use";
    case ERR_INVALID:
        return "it is not an address of this machine";
    case ERR_ACCESS:
        return "permission denied";
    default:
        return err_text(err);
    }
}

static struct listener *find(const struct ports *p, int port, const char *address)
{
    for (size_t i = 0; p != NULL && p->port == port && i < p->count; i++)
        if (strcmp(p->items[i].address, address) == 0)
            return p->items[i].listener;
    return NULL;
}

/* An address may lie within another ("*" and 127.0.0.1): those that are to go must not keep those out that
 * come. They share the port for as long as it takes. */
static enum err listen_beside(const struct ports *now, struct reactor *r,
                              struct tcp_options *options, struct listener **listener)
{
    enum err err = tcp_listen(r, options, listener);
    if (err != ERR_EXISTS || now == NULL || now->port != options->port)
        return err;
    for (size_t i = 0; i < now->count; i++)
        tcp_share(now->items[i].listener, true);
    options->share = true;
    err = tcp_listen(r, options, listener);
    for (size_t i = 0; i < now->count; i++)
        tcp_share(now->items[i].listener, false);
    return err;
}

static enum err open_one(struct ports *next, const struct ports *now, const char *address,
                         const struct ports_options *options, struct buf *why)
{
    bool optional = address[0] == '-';
    struct port *p = &next->items[next->count];
    *p = (struct port){0};
    strcpy(p->address, numeric(optional ? address + 1 : address));
    p->listener = find(now, next->port, p->address);
    p->kept = p->listener != NULL;
    if (p->kept) {
        next->count++;
        return ERR_OK;
    }
    struct tcp_options tcp = {
        .address = p->address,
        .port = next->port,
        .backlog = options->backlog,
        .keepalive_s = options->keepalive_s,
        .owner = options->owner,
    };
    enum err err = listen_beside(now, options->reactor, &tcp, &p->listener);
    if (err != ERR_OK && optional && (err == ERR_INVALID || err == ERR_UNSUPPORTED))
        return ERR_OK;
    if (err != ERR_OK) {
        buf_printf(why, "cannot listen on %s port %d: %s", p->address, next->port, reason(err));
        return err;
    }
    next->port = listener_port(p->listener);
    next->count++;
    return ERR_OK;
}

static enum err open_all(struct ports *next, const struct ports *now, const char *bind,
                         const struct ports_options *options, struct buf *why)
{
    const char *rest = bind;
    while (*(rest += strspn(rest, " \t")) != '\0') {
        size_t len = strcspn(rest, " \t");
        char address[PORTS_ADDRESS_BYTES_MAX];
        if (len >= sizeof(address) || next->count == CONFIG_BIND_MAX) {
            buf_printf(why, "bind: %s",
                       len >= sizeof(address) ? "an address is too long" : "too many addresses");
            return ERR_INVALID;
        }
        memcpy(address, rest, len);
        address[len] = '\0';
        rest += len;
        enum err err = open_one(next, now, address, options, why);
        if (err != ERR_OK)
            return err;
    }
    if (next->count > 0)
        return ERR_OK;
    buf_append_string(why, "bind: no address to listen on");
    return ERR_INVALID;
}

enum err ports_open(struct ports *next, const struct ports *now, const char *bind,
                    const struct ports_options *options, struct buf *why)
{
    *next = (struct ports){0};
    if (options->port == PORTS_OFF)
        return ERR_OK;
    next->port = options->port;
    enum err err = open_all(next, now, bind, options, why);
    if (err != ERR_OK)
        ports_close(next);
    return err;
}

void ports_replace(struct ports *now, struct ports *next)
{
    for (size_t i = 0; i < now->count; i++) {
        now->items[i].kept = false;
        for (size_t j = 0; j < next->count; j++)
            now->items[i].kept |= next->items[j].listener == now->items[i].listener;
    }
    ports_close(now);
    *now = *next;
    for (size_t i = 0; i < now->count; i++)
        now->items[i].kept = false;
    *next = (struct ports){0};
}

void ports_close(struct ports *p)
{
    for (size_t i = 0; i < p->count; i++)
        if (!p->items[i].kept)
            listener_close(p->items[i].listener);
    *p = (struct ports){0};
}

void ports_set_keepalive(struct ports *p, int seconds)
{
    for (size_t i = 0; i < p->count; i++)
        tcp_set_keepalive(p->items[i].listener, seconds);
}

void ports_say(const struct ports *p, struct buf *text)
{
    for (size_t i = 0; i < p->count; i++) {
        const char *address = p->items[i].address;
        buf_printf(text, strchr(address, ':') != NULL ? "%s[%s]:%d" : "%s%s:%d", i == 0 ? "" : " ",
                   address, p->port);
    }
}
