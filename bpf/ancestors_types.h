/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a filter that looks twice is told of the ancestors of a process: see ancestors.bpf.h. */
#pragma once

#include "vmlinux.h"

#define ANCESTORS_MAX 8

/* Its layout is known to policy/kernel/ancestors.ts, which the agent checks when it loads. */
struct ancestors {
	__u32 known; /* how many names are told: the parent's is the first */
	__u32 more; /* there are others behind them, or may be */
	char names[ANCESTORS_MAX][16];
};
