/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The cgroup of a task in a v1 hierarchy. Where container runtimes still use v1, a task of a
 * container may stand in the root of v2, so the agent picks one controller whose hierarchy tells
 * containers apart. On a machine with v2 alone nothing of this is run.
 */
#pragma once

#include "scratch.bpf.h"

/* Knobs: CGROUP_V1_*, and the number of its hierarchy. Set before loading. */
const volatile __u32 v1_controller = 0;
const volatile __u32 v1_hierarchy = 0;

/* The controller's number, which depends on how the kernel was configured; -1: it has none. */
#define V1_SUBSYSTEM(name)                                                         \
	(bpf_core_enum_value_exists(enum cgroup_subsys_id, name##_cgrp_id) ?       \
		 (int)bpf_core_enum_value(enum cgroup_subsys_id, name##_cgrp_id) : \
		 -1)

static __always_inline int v1_subsystem(void)
{
	switch (v1_controller) {
	case CGROUP_V1_MEMORY:
		return V1_SUBSYSTEM(memory);
	case CGROUP_V1_PIDS:
		return V1_SUBSYSTEM(pids);
	case CGROUP_V1_DEVICES:
		return V1_SUBSYSTEM(devices);
	case CGROUP_V1_FREEZER:
		return V1_SUBSYSTEM(freezer);
	case CGROUP_V1_CPU:
		return V1_SUBSYSTEM(cpu);
	default:
		return -1;
	}
}

/* 0 when no v1 hierarchy is looked at. */
static __always_inline __u64 v1_cgroup_id(struct task_struct *task)
{
	struct cgroup_subsys_state *css;
	int subsystem;

	if (v1_controller == CGROUP_V1_NONE)
		return 0;
	subsystem = v1_subsystem();
	if (subsystem < 0)
		return 0;
	css = READ_AT(struct cgroup_subsys_state *,
		      (void *)READ(task, cgroups) + bpf_core_field_offset(struct css_set, subsys) +
			      subsystem * sizeof(css));
	return READ(css, cgroup, kn, id);
}

/* Whether containers are looked for in the hierarchy of a cgroup. */
static __always_inline bool is_hierarchy_looked_at(struct cgroup *cgroup)
{
	__u32 hierarchy = cgroup->root->hierarchy_id;

	return hierarchy == 0 || v1_hierarchy == 0 || hierarchy == v1_hierarchy;
}
