/* SPDX-License-Identifier: BSD-3-Clause */
/* The clients that MONITOR: each is sent a line for every command that is executed, as Redis writes it. */
#ifndef ECHOLOG_COMMANDS_MONITORS_H
#define ECHOLOG_COMMANDS_MONITORS_H

#include "commands/command.h"

/* Tells them of a call that was made. Not of administrators' commands, and without secrets. */
void monitors_tell(struct call *c);

#endif
