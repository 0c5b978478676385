/* SPDX-License-Identifier: BSD-3-Clause */
/* What is least likely to fail is said first: a second fault while reporting ends the process by its own
 * signal, with what was written until then. */
#include "server/crash.h"

#include "server/crash_registers.h"
#include "server/crash_symbols.h"
#include "server/crash_text.h"
#include "server/datagram.h"
#include <elf.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <syslog.h>
#include <unistd.h>

#define FRAMES_MAX 64
#define REPORT_SECONDS_MAX 20

static const int fatal[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

/* --- before ----------------------------------------------------------------------------------- */

/* Copies the build id out of a segment of notes. */
static void read_build_id(struct crash *c, uintptr_t at, uintptr_t end)
{
    static const char digits[] = "0123456789abcdef";
    while (at + sizeof(ElfW(Nhdr)) <= end) {
        const ElfW(Nhdr) *note = (const void *)at;
        const unsigned char *id = (const unsigned char *)(note + 1) + ((note->n_namesz + 3) & ~3U);
        at = (uintptr_t)id + ((note->n_descsz + 3) & ~3U);
        if (note->n_type != NT_GNU_BUILD_ID || note->n_namesz != sizeof("GNU") ||
            note->n_descsz > CRASH_BUILD_ID_BYTES / 2)
            continue;
        for (size_t i = 0; i < note->n_descsz; i++) {
            c->build_id[2 * i] = digits[id[i] >> 4];
            c->build_id[2 * i + 1] = digits[id[i] & 15];
        }
    }
}

/* The program is the first object. */
static int look_at_program(struct dl_phdr_info *object, size_t size, void *ctx)
{
    struct crash *c = ctx;
    (void)size;
    c->program = object->dlpi_addr;
    for (size_t i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &object->dlpi_phdr[i];
        uintptr_t at = object->dlpi_addr + header->p_vaddr, end = at + header->p_memsz;
        if (header->p_type == PT_NOTE)
            read_build_id(c, at, end);
        else if (header->p_type == PT_LOAD && end > c->program_end)
            c->program_end = end;
    }
    return 1;
}

void crash_init(struct crash *c, int fd)
{
    void *frames[2];
    c->fd = fd;
    /* The first call loads a library and allocates: not in a handler, please. */
    (void)backtrace(frames, COUNT_OF(frames));
    dl_iterate_phdr(look_at_program, c);
}

#ifndef __has_feature /* clang's way of telling; gcc has macros */
#define __has_feature(feature) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || \
    __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED true
#else
#define SANITIZED false
#endif

void crash_handle(struct crash *c, void (*handler)(int, siginfo_t *, void *))
{
    if (SANITIZED)
        return;
    stack_t stack = {.ss_sp = c->stack, .ss_size = sizeof(c->stack)};
    if (sigaltstack(&stack, NULL) != 0)
        return;
    struct sigaction action = {.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
    if (handler == NULL)
        action = (struct sigaction){.sa_handler = SIG_DFL};
    else
        action.sa_sigaction = handler;
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < COUNT_OF(fatal); i++)
        sigaction(fatal[i], &action, NULL);
}

/* --- the report ------------------------------------------------------------------------------- */

static const char *signal_name(int number)
{
    switch (number) {
    case SIGSEGV:
        return "SIGSEGV";
    case SIGBUS:
        return "SIGBUS";
    case SIGFPE:
        return "SIGFPE";
    case SIGILL:
        return "SIGILL";
    case SIGABRT:
        return "SIGABRT";
    default:
        return "?";
    }
}

static void report_program(const struct crash *c)
{
    struct crash_text t = {0};
    char thread[17] = "";
    prctl(PR_GET_NAME, thread);
    crash_text_string(&t, "Echolog " ECHOLOG_VERSION ", compiler " __VERSION__ ", build ");
    crash_text_string(&t, c->build_id[0] == '\0' ? "?" : c->build_id);
    crash_text_write(&t, c->fd);
    crash_text_string(&t, "Process ");
    crash_text_number(&t, getpid());
    crash_text_string(&t, ", thread ");
    crash_text_number(&t, atomic_load(&c->reporter));
    crash_text_string(&t, " '");
    crash_text_string(&t, thread);
    crash_text_string(&t, "'");
    crash_text_write(&t, c->fd);
}

static void report_signal(const struct crash *c, int number, const siginfo_t *info)
{
    struct crash_text t = {0};
    crash_text_string(&t, "Crashed by signal ");
    crash_text_number(&t, number);
    crash_text_string(&t, " (");
    crash_text_string(&t, signal_name(number));
    crash_text_string(&t, "), si_code ");
    crash_text_number(&t, info->si_code);
    if (info->si_code <= 0) { /* a process sent it */
        crash_text_string(&t, ", sent by process ");
        crash_text_number(&t, info->si_pid);
        crash_text_string(&t, " of user ");
        crash_text_number(&t, info->si_uid);
    } else {
        crash_text_string(&t, ", accessing address ");
        crash_text_hex(&t, (uintptr_t)info->si_addr, 1);
    }
    crash_text_write(&t, c->fd);
    if (c->reason[0] == '\0')
        return;
    crash_text_string(&t, "Reason: ");
    crash_text_string(&t, c->reason);
    crash_text_write(&t, c->fd);
}

/* One line: the report itself is in the log's own place. */
static void tell_syslog(const struct crash *c, int number)
{
    struct crash_text t = {0};
    if (c->syslog == NULL || c->syslog->fd < 0)
        return;
    crash_text_string(&t, "<");
    crash_text_number(&t, c->syslog->facility | LOG_CRIT);
    crash_text_string(&t, ">");
    crash_text_string(&t, c->syslog->ident);
    crash_text_string(&t, "[");
    crash_text_number(&t, getpid());
    crash_text_string(&t, "]: Crashed by signal ");
    crash_text_number(&t, number);
    crash_text_string(&t, " (");
    crash_text_string(&t, signal_name(number));
    crash_text_string(&t, ") ");
    crash_text_string(&t, c->reason);
    bool told = datagram_send(c->syslog->fd, t.data, t.len);
    (void)told; /* there is nobody to tell */
}

static void report_registers(const struct crash *c, const ucontext_t *u)
{
    struct crash_register registers[CRASH_REGISTERS_MAX];
    struct crash_text t = {0};
    int count = crash_registers_read(u, registers);
    crash_text_string(&t, "--- registers");
    for (int i = 0; i < count; i++) {
        if (i % 4 == 0)
            crash_text_write(&t, c->fd);
        crash_text_string(&t, registers[i].name);
        crash_text_string(&t, strlen(registers[i].name) < 3 ? "  " : " ");
        crash_text_hex(&t, registers[i].value, 16);
        crash_text_string(&t, "  ");
    }
    crash_text_write(&t, c->fd);
}

/* A function of the program by its name and by the offset that addr2line takes; of a library as it calls
 * itself. */
static void report_frame(const struct crash *c, const struct crash_symbols *symbols, void *frame)
{
    uintptr_t at = (uintptr_t)frame;
    if (at < c->program || at >= c->program_end) {
        backtrace_symbols_fd(&frame, 1, c->fd);
        return;
    }
    struct crash_text t = {0};
    uint64_t within;
    const char *name = crash_symbols_find(symbols, at - c->program, &within);
    crash_text_string(&t, "echolog-server(");
    if (name != NULL) {
        crash_text_string(&t, name);
        crash_text_string(&t, "+");
        crash_text_hex(&t, within, 1);
    }
    crash_text_string(&t, ") [");
    crash_text_hex(&t, at - c->program, 1);
    crash_text_string(&t, "]");
    crash_text_write(&t, c->fd);
}

/* With a program counter that points nowhere the way back cannot be found; it is named for itself. */
static void report_backtrace(const struct crash *c, const ucontext_t *u)
{
    void *frames[FRAMES_MAX];
    struct crash_text t = {0};
    struct crash_symbols symbols;
    void *at = crash_program_counter(u);
    crash_symbols_open(&symbols, "/proc/self/exe");
    crash_text_string(&t, "--- at");
    crash_text_write(&t, c->fd);
    if (at != NULL)
        report_frame(c, &symbols, at);
    crash_text_string(&t, "--- backtrace (for lines: addr2line -fipe echolog-server 0x...)");
    crash_text_write(&t, c->fd);
    int count = backtrace(frames, FRAMES_MAX);
    for (int i = 0; i < count; i++)
        report_frame(c, &symbols, frames[i]);
    crash_symbols_close(&symbols);
}

/* What was typed may be secret, and what is produced is not ours to show: names and lengths only. */
static void report_command(const struct crash *c, const struct broker_command *now)
{
    struct crash_text t = {0};
    crash_text_string(&t, "Executing '");
    crash_text_string(&t, now->session->last_command);
    crash_text_string(&t, "' or what comes after it, with arguments of");
    for (int i = 1; i < now->argc && i <= 16; i++) {
        crash_text_string(&t, " ");
        crash_text_number(&t, (int64_t)now->argv[i].len);
    }
    crash_text_string(&t, " bytes, for client id=");
    crash_text_number(&t, (int64_t)now->session->id);
    crash_text_string(&t, " addr=");
    if (now->session->stream != NULL)
        crash_text_string(&t, now->session->stream->peer);
    crash_text_write(&t, c->fd);
}

static void report_memory(const struct crash *c)
{
    struct crash_text t = {0};
    char pages[128];
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    ssize_t len = fd < 0 ? 0 : read(fd, pages, sizeof(pages) - 1);
    if (fd >= 0)
        close(fd);
    pages[len > 0 ? len : 0] = '\0';
    pages[strcspn(pages, "\n")] = '\0';
    crash_text_string(&t, "Memory in pages (size, resident, shared, text, -, data): ");
    crash_text_string(&t, pages);
    crash_text_write(&t, c->fd);
}

static void report_broker(const struct crash *c)
{
    struct crash_text t = {0};
    const struct services *sv = broker_services(c->broker);
    crash_text_string(&t, "Up for ");
    crash_text_number(&t, (sv->clock->mono_us - sv->started_us) / 1000000);
    crash_text_string(&t, " s, turn ");
    crash_text_number(&t, (int64_t)sv->turns);
    crash_text_string(&t, ", clients ");
    crash_text_number(&t, (int64_t)sv->sessions->count);
    crash_text_write(&t, c->fd);
    const struct broker_command *now = broker_executing(c->broker);
    if (now->session != NULL)
        report_command(c, now);
}

static void end_by(int number)
{
    struct sigaction action = {.sa_handler = SIG_DFL};
    sigset_t only;
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, NULL);
    sigemptyset(&only);
    sigaddset(&only, number);
    sigprocmask(SIG_UNBLOCK, &only, NULL);
    raise(number);
}

/* One thread reports. If it stumbles, it ends the process; others that fall meanwhile wait for the end. */
static void become_reporter(struct crash *c, int number)
{
    int self = (int)syscall(SYS_gettid), nobody = 0;
    if (atomic_compare_exchange_strong(&c->reporter, &nobody, self))
        return;
    if (nobody == self)
        end_by(number);
    for (;;)
        pause();
}

void crash_report(struct crash *c, int number, const siginfo_t *info, void *context)
{
    const ucontext_t *u = context;
    struct crash_text t = {0};
    become_reporter(c, number);
    signal(SIGALRM, SIG_DFL);
    alarm(REPORT_SECONDS_MAX); /* whatever holds the report up does not hold the end up */
    crash_text_string(&t,
                      "=== CRASH REPORT: a report of this fault needs all of it, to its end ===");
    crash_text_write(&t, c->fd);
    report_program(c);
    report_signal(c, number, info);
    tell_syslog(c, number);
    report_registers(c, u);
    report_backtrace(c, u);
    crash_text_string(&t, "--- the server");
    crash_text_write(&t, c->fd);
    report_memory(c);
    if (c->broker != NULL)
        report_broker(c);
    crash_text_string(&t, "=== END OF THE CRASH REPORT ===");
    crash_text_write(&t, c->fd);
    end_by(number);
}
