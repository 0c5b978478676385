/* SPDX-License-Identifier: BSD-3-Clause */
/* What a signal's context holds of the machine's registers, for the processors we know. */
#ifndef ECHOLOG_SERVER_CRASH_REGISTERS_H
#define ECHOLOG_SERVER_CRASH_REGISTERS_H

#include <stdint.h>
#include <ucontext.h>

#define CRASH_REGISTERS_MAX 34

struct crash_register {
    const char *name; /* static */
    uint64_t value;
};

/* Returns how many there are; none of a processor that is not known. */
int crash_registers_read(const ucontext_t *u, struct crash_register registers[CRASH_REGISTERS_MAX]);
/* The instruction that was being executed; NULL when not known. */
void *crash_program_counter(const ucontext_t *u);

#endif
