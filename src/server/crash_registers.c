/* SPDX-License-Identifier: BSD-3-Clause */
#include "server/crash_registers.h"

#include "base/check.h"
#include <stddef.h>

#if defined(__x86_64__)

int crash_registers_read(const ucontext_t *u, struct crash_register registers[CRASH_REGISTERS_MAX])
{
    /* From REG_R8 on, in that order. */
    static const char *const names[] = {"r8",  "r9",  "r10", "r11", "r12", "r13",
                                        "r14", "r15", "rdi", "rsi", "rbp", "rbx",
                                        "rdx", "rax", "rcx", "rsp", "rip", "efl"};
    static_assert(COUNT_OF(names) == REG_EFL - REG_R8 + 1, "a name for each");
    static_assert(COUNT_OF(names) <= CRASH_REGISTERS_MAX, "and room");
    for (size_t i = 0; i < COUNT_OF(names); i++)
        registers[i] =
            (struct crash_register){names[i], (uint64_t)u->uc_mcontext.gregs[REG_R8 + (int)i]};
    return COUNT_OF(names);
}

void *crash_program_counter(const ucontext_t *u)
{
    return (void *)u->uc_mcontext.gregs[REG_RIP];
}

#elif defined(__aarch64__)

int crash_registers_read(const ucontext_t *u, struct crash_register registers[CRASH_REGISTERS_MAX])
{
    static const char *const names[] = {"x0",  "x1",  "x2",  "x3",  "x4",  "x5",  "x6",  "x7",
                                        "x8",  "x9",  "x10", "x11", "x12", "x13", "x14", "x15",
                                        "x16", "x17", "x18", "x19", "x20", "x21", "x22", "x23",
                                        "x24", "x25", "x26", "x27", "x28", "x29", "x30"};
    size_t count = COUNT_OF(names);
    static_assert(COUNT_OF(names) + 3 <= CRASH_REGISTERS_MAX, "room for all");
    for (size_t i = 0; i < count; i++)
        registers[i] = (struct crash_register){names[i], u->uc_mcontext.regs[i]};
    registers[count++] = (struct crash_register){"sp", u->uc_mcontext.sp};
    registers[count++] = (struct crash_register){"pc", u->uc_mcontext.pc};
    registers[count++] = (struct crash_register){"pst", u->uc_mcontext.pstate};
    return (int)count;
}

void *crash_program_counter(const ucontext_t *u)
{
    return (void *)u->uc_mcontext.pc;
}

#else

int crash_registers_read(const ucontext_t *u, struct crash_register registers[CRASH_REGISTERS_MAX])
{
    (void)u;
    (void)registers;
    return 0;
}

void *crash_program_counter(const ucontext_t *u)
{
    (void)u;
    return NULL;
}

#endif
