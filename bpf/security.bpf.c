// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The security backend. Each system call that is wanted has a stub at the return of its own
 * function, which the agent makes and which tail-calls the handler; no other call is touched.
 * What a handler does is in the headers; here are only the forms in which the kernel calls it.
 */
#include "compat.bpf.h"

/* What it attaches to, the agent says before loading: every function of a system call has the
 * arguments (registers), and at its return the result. */
#define HANDLER(name) SEC("fexit") int BPF_PROG(name, struct pt_regs *regs, long result)

/* LSM hooks tell the names of some calls. */
#define HEARS_NAMES

#include "handlers.bpf.h"
#include "io_uring.bpf.h"
#include "lifecycle.bpf.h"
#include "lsm.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";
