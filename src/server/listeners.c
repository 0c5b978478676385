/* SPDX-License-Identifier: BSD-3-Clause */
#include "server/listeners.h"

#include <stdio.h>

#define ADDRESS_BYTES_MAX 64

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

static enum err listen_on(struct listeners *l, struct reactor *r, const struct config *config,
                          const char *address, void (*accepted)(void *, struct stream *), void *ctx,
                          struct buf *why)
{
    bool optional = address[0] == '-';
    const char *name = numeric(optional ? address + 1 : address);
    struct tcp_options options = {
        .address = name,
        .port = l->port,
        .backlog = (int)config->tcp_backlog,
        .keepalive_s = (int)config->tcp_keepalive_s,
        .owner = {.accepted = accepted, .ctx = ctx},
    };
    enum err err = tcp_listen(r, &options, &l->items[l->count]);
    if (err != ERR_OK && optional && (err == ERR_INVALID || err == ERR_UNSUPPORTED))
        return ERR_OK;
    if (err != ERR_OK) {
        buf_printf(why, "cannot listen on %s port %d: %s", name, l->port, reason(err));
        return err;
    }
    l->port = listener_port(l->items[l->count]);
    l->count++;
    buf_printf(&l->addresses, strchr(name, ':') != NULL ? "%s[%s]:%d" : "%s%s:%d",
               l->addresses.len == 0 ? "" : " ", name, l->port);
    return ERR_OK;
}

enum err listeners_open(struct listeners *l, struct reactor *r, const struct config *config,
                        void (*accepted)(void *ctx, struct stream *stream), void *ctx,
                        struct buf *why)
{
    *l = (struct listeners){.port = (int)config->port};
    const char *rest = config->bind;
    enum err err = ERR_OK;
    while (err == ERR_OK && *(rest += strspn(rest, " \t")) != '\0') {
        size_t len = strcspn(rest, " \t");
        char address[ADDRESS_BYTES_MAX];
        if (len >= sizeof(address) || l->count == CONFIG_BIND_MAX) {
            buf_printf(why, "bind: %s",
                       len >= sizeof(address) ? "an address is too long" : "too many addresses");
            err = ERR_INVALID;
            break;
        }
        memcpy(address, rest, len);
        address[len] = '\0';
        rest += len;
        err = listen_on(l, r, config, address, accepted, ctx, why);
    }
    if (err == ERR_OK && l->count == 0) {
        buf_append_string(why, "bind: no address to listen on");
        err = ERR_INVALID;
    }
    if (err != ERR_OK)
        listeners_close(l);
    return err;
}

void listeners_set_keepalive(struct listeners *l, int seconds)
{
    for (size_t i = 0; i < l->count; i++)
        tcp_set_keepalive(l->items[i], seconds);
}

void listeners_close(struct listeners *l)
{
    for (size_t i = 0; i < l->count; i++)
        listener_close(l->items[i]);
    l->count = 0;
    buf_deinit(&l->addresses);
}
