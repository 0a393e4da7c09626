// SPDX-License-Identifier: Apache-2.0
/* Prints the ids of all BPF programs, maps and links that the kernel has, one a line. */
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int print_ids(const char *what, int command)
{
	union bpf_attr attr;
	unsigned int id = 0;

	for (;;) {
		memset(&attr, 0, sizeof(attr));
		attr.start_id = id;
		if (syscall(SYS_bpf, command, &attr, sizeof(attr)) != 0)
			break;
		id = attr.next_id;
		printf("%s %u\n", what, id);
	}
	if (errno == ENOENT)
		return 0;
	perror(what);
	return 1;
}

int main(void)
{
	return print_ids("program", BPF_PROG_GET_NEXT_ID) | print_ids("map", BPF_MAP_GET_NEXT_ID) |
	       print_ids("link", BPF_LINK_GET_NEXT_ID);
}
