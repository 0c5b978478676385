/* SPDX-License-Identifier: BSD-3-Clause */
/* INFO: which sections are asked for. */
#include "commands/handlers.h"
#include "commands/info.h"

/* --- fields --------------------------------------------------------------------------------- */

void info_field(struct info *i, const char *name, uint64_t value)
{
    buf_printf(&i->text, "%s:%llu\r\n", name, (unsigned long long)value);
}

void info_text(struct info *i, const char *name, const char *value)
{
    buf_printf(&i->text, "%s:%s\r\n", name, value);
}

void info_ratio(struct info *i, const char *name, double value)
{
    buf_printf(&i->text, "%s:%.2f\r\n", name, value);
}

void info_bytes(struct info *i, const char *name, uint64_t bytes)
{
    static const char units[] = "BKMGTP";
    double value = (double)bytes;
    size_t unit = 0;
    for (; value >= 1024 && unit + 2 < sizeof(units); unit++)
        value /= 1024;
    info_field(i, name, bytes);
    buf_printf(&i->text, "%s_human:%.*f%c\r\n", name, unit == 0 ? 0 : 2, value, units[unit]);
}

/* --- sections ------------------------------------------------------------------------------- */

struct section {
    const char *name;
    const char *title;
    void (*write)(struct info *i);
    bool usual; /* part of INFO without arguments */
};

static const struct section sections[] = {
    {"server", "Server", info_server, true},
    {"clients", "Clients", info_clients, true},
    {"memory", "Memory", info_memory, true},
    {"persistence", "Persistence", info_persistence, true},
    {"stats", "Stats", info_stats, true},
    {"replication", "Replication", info_replication, true},
    {"cpu", "CPU", info_cpu, true},
    {"modules", "Modules", info_modules, true},
    {"commandstats", "Commandstats", info_commandstats, false},
    {"errorstats", "Errorstats", info_errorstats, true},
    {"latencystats", "Latencystats", info_latencystats, false},
    {"cluster", "Cluster", info_cluster, true},
    {"log", "Log", info_log, true},
    {"topics", "Topics", info_topics, false},
    {"groups", "Groups", info_groups, false},
    {"keyspace", "Keyspace", info_keyspace, true},
};

static bool is_wanted(const struct call *c, const struct section *section)
{
    if (c->argc == 1)
        return section->usual;
    for (int i = 1; i < c->argc; i++) {
        struct bytes word = c->argv[i];
        if (bytes_is(word, section->name) || bytes_is(word, "all") || bytes_is(word, "everything"))
            return true;
        if (section->usual && bytes_is(word, "default"))
            return true;
    }
    return false;
}

void cmd_info(struct call *c)
{
    struct info info = {.sv = c->sv};
    c->sv->process_figures(c->sv, &info.process);
    clients_overview(c->sv->sessions, &info.clients);
    for (size_t i = 0; i < COUNT_OF(sections); i++) {
        if (!is_wanted(c, &sections[i]))
            continue;
        if (info.text.len > 0)
            buf_append_string(&info.text, "\r\n");
        buf_printf(&info.text, "# %s\r\n", sections[i].title);
        sections[i].write(&info);
    }
    write_verbatim(&c->w, "txt", buf_bytes(&info.text));
    buf_deinit(&info.text);
}
