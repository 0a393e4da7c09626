/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How kernel memory is read. Each object is built in two forms, and the agent loads the one that
 * fits the kernel (agent/sensor/object-file.ts):
 *
 * direct  where the kernel has the kfunc bpf_rdonly_cast (6.2, a35b9af4ec2c "bpf: Add a kfunc for
 *         generic type cast"): any pointer becomes one that the verifier lets through, so that a
 *         member costs a load.
 * probed  elsewhere: a member costs a call of bpf_probe_read_kernel(), ten times as much.
 *
 * Two forms and no branch, because kernels before 5.16 refuse a program with a call of a kfunc
 * that they lack even where no way leads there (a5d827275241 "bpf: Be conservative while
 * processing invalid kfunc calls").
 *
 * In both, memory that is not there reads as zero.
 */
#pragma once

#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

/* Since 5.11 (3ca1032ab7ab "bpf: Implement get_current_task_btf and RET_PTR_TO_BTF_ID"). */
enum bpf_func_id___task {
	BPF_FUNC_get_current_task_btf___task = 158,
};

#define HAS_TASK_BTF \
	bpf_core_enum_value_exists(enum bpf_func_id___task, BPF_FUNC_get_current_task_btf___task)

#ifdef DIRECT_READS

#define READS_ARE_LOADS true

/*
 * The current task, to be read with TASK_READ. It is the same for as long as a program runs, which
 * the compiler cannot know of a helper: so it is told of an instruction that has no effects, and
 * asks once for all. A call takes as long as ten loads.
 */
static __always_inline struct task_struct *current_task(void)
{
	struct task_struct *task;

	asm("call %[get]\n%[task] = r0"
	    : [task] "=r"(task)
	    : [get] "i"(BPF_FUNC_get_current_task_btf___task)
	    : "r0", "r1", "r2", "r3", "r4", "r5");
	return task;
}

extern void *bpf_rdonly_cast(const void *object, __u32 type) __ksym;
extern struct task_struct *bpf_task_from_pid(__s32 pid) __ksym;
extern void bpf_task_release(struct task_struct *task) __ksym;

/* The same pointer, of a type the verifier knows. The type is of the kernel, by its name. */
#define AS_KERNEL(pointer) \
	((typeof(pointer))bpf_rdonly_cast(pointer, bpf_core_type_id_kernel(typeof(*(pointer)))))

/* READ(file, f_path.dentry, d_parent): a member, through as many pointers as it takes. */
#define READ(from, ...) ___arrow(AS_KERNEL(from), ##__VA_ARGS__)

/*
 * The same from a task that the kernel gave: by current_task(), or as a tracepoint's argument.
 * Verifier: cast although it could be read as it is. Of each pointer that is read from one that it
 * trusts, the verifier looks through all of the kernel's types by name, whether the trust goes on
 * (6.3, 57539b1c0ac2 "bpf: Enable annotating trusted nested pointers"): half of what loading took.
 */
#define TASK_READ(task, ...) READ((task), ##__VA_ARGS__)

/*
 * A member of such a task that is no pointer, and lies in it. Where the verifier trusts the task
 * (6.2, 3f00c5239344 "bpf: Allow trusted pointers to be passed to KF_TRUSTED_ARGS kfuncs") it is
 * one instruction; a load through a cast pointer is eight, which look first at where it points.
 */
#define TASK_VALUE(task, member) ((task)->member)

/* A number at any address: the verifier lets it through as a piece of an array of bytes. */
#define READ_AT(type, address)                             \
	(*(type *)bpf_rdonly_cast((const void *)(address), \
				  bpf_core_type_id_kernel(struct in6_addr)))

#else

#define READS_ARE_LOADS false

static __always_inline struct task_struct *current_task(void)
{
	if (HAS_TASK_BTF)
		return bpf_get_current_task_btf();
	return (struct task_struct *)bpf_get_current_task();
}

#define READ(from, ...) BPF_CORE_READ((from), ##__VA_ARGS__)

#define TASK_READ(task, ...)                                             \
	({                                                               \
		typeof(___arrow((task), ##__VA_ARGS__)) __member;        \
		if (HAS_TASK_BTF)                                        \
			__member = ___arrow((task), ##__VA_ARGS__);      \
		else                                                     \
			__member = BPF_CORE_READ((task), ##__VA_ARGS__); \
		__member;                                                \
	})

#define TASK_VALUE(task, member) TASK_READ((task), member)

#define READ_AT(type, address)                                                       \
	({                                                                           \
		type __at = 0;                                                       \
		bpf_probe_read_kernel(&__at, sizeof(__at), (const void *)(address)); \
		__at;                                                                \
	})

#endif
