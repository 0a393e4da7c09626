/* Generated from schema/ by tools/generate.ts. Do not edit. */
/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#define LAYOUT_VERSION 4u
#define PATH_BYTES_MAX 4096u
#define ARGUMENTS_BYTES_MAX 8192u
#define ENVIRONMENT_BYTES_MAX 8192u
#define UNIX_PATH_BYTES_MAX 108u
#define TYPE_BYTES_MAX 256u
#define PAYLOAD_BYTES_MAX 320u
#define MESSAGES_MAX 8u
#define MESSAGE_PARTS_MAX 8u
#define RECORD_BYTES_MAX 25600u
#define PATH_COMPONENTS_MAX 96u
#define TEXT_LENGTH_UNKNOWN 4294967295u
#define RECORD_USER_MEMORY 1u
#define RECORD_COMPAT 2u
#define RECORD_IO_URING 256u
#define RECORD_RESULT_UNKNOWN 512u
#define RECORD_OUTSIDE_ROOT 1024u
#define RECORD_OPENING 2048u
#define RECORD_NO_ARGUMENTS 4096u
#define RECORD_BY_THREAD 8192u
#define RECORD_HELD 16384u
#define RECORD_AS_MADE 32768u
#define HELD_PROCESSES_MAX 16384u
#define HELD_PROGRAM_BYTES 3072u
#define HOLD_TRACK 1u
#define HOLD_FORKS 2u
#define HOLD_EXITS 4u
#define HOLD_EXECS 8u
#define OPENING_BYTES 4096u
#define WRITES_QUESTIONS 1u
#define WRITES_OPENINGS 2u
#define WRITES_MESSAGES 4u
#define WRITES_ELSEWHERE 8u
#define SYSCALLS_MAX 512u
#define LOST_KINDS_MAX 64u
#define POSITION_FD 0u
#define POSITION_DIRFD 4u
#define POSITION_PATH 8u
#define POSITION_TEXT 12u
#define POSITION_VALUE 16u
#define FILE_UPPER_LAYER 1u
#define FILE_LOWER_LAYER 2u
#define FILE_MEMFD 4u
#define FILE_DELETED 8u
#define FILE_CREATED 16u
#define FILE_WRITABLE 32u
#define PEER_NONE 0u
#define PEER_SOCKET 1u
#define PEER_USER 2u
#define PEER_COPY 3u
#define USE_EXECUTED 1u
#define USE_MAPPED 2u
#define USED_FILES_MAX 32768u
#define USED_FILES_BURST 2048u
#define USED_FILE_NS 31250000u
#define ROLE_UNKNOWN 0u
#define ROLE_CLIENT 1u
#define ROLE_SERVER 2u
#define CGROUP_V1_NONE 0u
#define CGROUP_V1_MEMORY 1u
#define CGROUP_V1_PIDS 2u
#define CGROUP_V1_DEVICES 3u
#define CGROUP_V1_FREEZER 4u
#define CGROUP_V1_CPU 5u
#define CGROUP_IS_HOST 1u
#define CGROUP_IS_CONTAINER 2u
#define LACKS_FACTS 1u
#define LACKS_RAW_PATH 2u
#define CGROUP_STATES_MAX 65536u
#define STATE_KINDS 67108926u
#define FLOOD_CGROUPS_MAX 4096u
#define SHED_HOOKS_MAX 4096u
#define FLOOD_RECORD_BYTES 512u

enum event_kind {
	EVENT_EXEC = 1,
	EVENT_FORK = 2,
	EVENT_EXIT = 3,
	EVENT_CGROUP = 4,
	EVENT_CHDIR = 5,
	EVENT_OPEN = 6,
	EVENT_UNLINK = 7,
	EVENT_RENAME = 8,
	EVENT_LINK = 9,
	EVENT_SYMLINK = 10,
	EVENT_SOCKET = 11,
	EVENT_CONNECT = 12,
	EVENT_ACCEPT = 13,
	EVENT_LISTEN = 14,
	EVENT_SEND = 15,
	EVENT_DUP = 16,
	EVENT_PTRACE = 17,
	EVENT_MODULE = 18,
	EVENT_SYSCALL = 19,
	EVENT_FD_CALL = 20,
	EVENT_PATH_CALL = 21,
	EVENT_NAME_CALL = 22,
	EVENT_MOUNT = 23,
	EVENT_MEMORY = 24,
	EVENT_EXEC_FAILED = 25,
	EVENT_COMM = 26,
	EVENT_RECEIVE = 30,
	EVENT_BIND = 31,
	EVENT_IO_URING = 32,
	EVENT_FILE_USED = 27,
};

/* Counters of what was lost, by place. */
enum place {
	PLACE_RING_FULL = 0, /* the ring buffer was full */
	PLACE_SCRATCH_BUSY = 1, /* all scratch slots of the CPU were in use */
	PLACE_RECORD_FULL = 2, /* a text did not fit into the record any more */
	PLACE_COMPAT_SYSCALL = 3, /* a 32-bit system call that no hook reads: of arm64, or one that only x32 has */
	PLACE_FILE_GONE = 4, /* the descriptor was closed before the hook ran */
	PLACE_READ_KERNEL = 5, /* kernel memory could not be read */
	PLACE_READ_USER = 6, /* user memory could not be read (not present) */
	PLACE_NAMES_MORE = 7, /* more calls with names at once than there is room for: the names are from user memory */
	PLACE_PATH_DEEP = 8, /* a path had too many components */
	PLACE_MESSAGES_MORE = 9, /* a call passed on more messages than are told of one call */
	PLACE_URING_UNSEEN = 10, /* an operation of io_uring of which the kernel did not tell enough: before Linux 6.0 all of them; from then on those on a registered socket without a completion, or ended by the kernel */
	PLACE_MESSAGE_PARTS = 11, /* a message was gathered from more parts than are looked at for its first bytes */
	PLACES = 12,
};

/* Text that follows the fixed part; offset from the start of the record. */
struct text {
	__u16 offset;
	__u16 bytes;
	__u32 true_bytes;
};

/* The inode behind a file descriptor or an executable. */
struct file_facts {
	__u64 inode; /* inode number */
	__u32 device; /* device of the file system */
	__u32 mode; /* type and permissions, as in stat(2) */
	__u32 file_flags; /* bits FILE_* */
	__u32 links; /* hard links */
};
_Static_assert(sizeof(struct file_facts) == 24, "file_facts: layout differs from the schema");

/* A socket and the two ends of it. */
struct socket_facts {
	__u64 inode; /* inode number of the socket */
	__u16 family; /* AF_* */
	__u16 type; /* SOCK_STREAM, SOCK_DGRAM, ... */
	__u16 protocol; /* IPPROTO_* */
	__u16 local_port; /* port, host byte order */
	__u16 remote_port; /* port, host byte order */
	__u8 state; /* TCP_* state, also of UDP */
	__u8 remote_source; /* where the remote end was read: PEER_* */
	__u32 role; /* which end it is, as a call on it has shown that was told, else by its ports: ROLE_* */
	__u8 local_address[16]; /* IPv4 in the first 4 bytes, or IPv6 */
	__u8 remote_address[16]; /* IPv4 in the first 4 bytes, or IPv6 */
};
_Static_assert(sizeof(struct socket_facts) == 56, "socket_facts: layout differs from the schema");

/* The six argument registers of a system call, also those that the call does not have. */
struct call_arguments {
	__u64 arg0; /* argument 0 */
	__u64 arg1; /* argument 1 */
	__u64 arg2; /* argument 2 */
	__u64 arg3; /* argument 3 */
	__u64 arg4; /* argument 4 */
	__u64 arg5; /* argument 5 */
};
_Static_assert(sizeof(struct call_arguments) == 48, "call_arguments: layout differs from the schema");

struct event_header {
	__u32 bytes; /* length of the record */
	__u16 kind; /* kind of event */
	__u16 flags; /* bits RECORD_* */
	__u64 time_ns; /* nanoseconds since boot, suspend included */
	__u64 cgroup_id; /* id in the v2 hierarchy */
	__u64 cgroup_v1_id; /* id in a v1 hierarchy */
	__u64 start_ns; /* start of the process, since boot */
	__u64 cap_effective; /* bits CAP_* */
	__u64 cap_permitted; /* bits CAP_* */
	__u64 cap_inheritable; /* bits CAP_* */
	__s64 result; /* result of the system call */
	__s32 syscall; /* number; see RECORD_COMPAT */
	__u32 pid; /* process (thread group), host namespace */
	__u32 tid; /* thread, host namespace */
	__u32 ppid; /* parent process, host namespace */
	__u32 vpid; /* process, in its own namespace */
	__u32 vtid; /* thread, in its own namespace */
	__u32 euid; /* effective user, host namespace */
	__u32 egid; /* effective group, host namespace */
	__u32 login_uid; /* user of the login session */
	__u32 cpu; /* CPU, from 1 */
	char comm[16]; /* name of the thread */
};
_Static_assert(sizeof(struct event_header) == 128, "event_header: layout differs from the schema");

/* A process has become another program. Calls that failed are of a kind of their own; execveat is told as execve on x86-64, where the kernel has rewritten the number by then. */
struct event_exec {
	struct event_header header;
	struct file_facts exe; /* the executable */
	__u64 exe_ctime_ns; /* change time, since 1970 */
	__u64 exe_mtime_ns; /* modification time, since 1970 */
	__u64 namespace_start_ns; /* start of the first process of the pid namespace, since boot */
	__u32 tty; /* major << 8 | minor */
	__u32 pgid; /* process group, host namespace */
	__u32 vpgid; /* process group, own namespace */
	__u32 sid; /* session, host namespace */
	__u32 argument_count; /* arguments, the program included */
	__u32 padding; /* zero */
	struct text exe_path; /* path of the executable as the process sees it */
	struct text cwd; /* working directory */
	struct text arguments; /* NUL after each */
	struct text environment; /* NUL after each variable; only where a rule asks for it */
};
_Static_assert(sizeof(struct event_exec) == 232, "event_exec: layout differs from the schema");

/* A process has made another one. New threads are not sent, nor calls that failed. Where the kernel does not tell which call it was (before 5.15), it is told as clone. */
struct event_fork {
	struct event_header header;
	__u64 child_start_ns; /* start of the child, since boot */
	__u64 child_cgroup_id; /* v2 cgroup of the child */
	__u32 child_pid; /* host namespace */
	__u32 child_vpid; /* own namespace */
	__u64 clone_flags; /* CLONE_*, without the signal */
};
_Static_assert(sizeof(struct event_fork) == 160, "event_fork: layout differs from the schema");

/* The last thread of a process has ended. */
struct event_exit {
	struct event_header header;
	__u32 exit_code; /* status as wait(2) gives it */
	__u32 padding; /* zero */
};
_Static_assert(sizeof(struct event_exit) == 136, "event_exit: layout differs from the schema");

/* A cgroup was made, before any event of a process in it; or removed, after the last. Of the v2 hierarchy, and of the v1 hierarchy that is looked at. */
struct event_cgroup {
	struct event_header header;
	__u64 made_id; /* id of the cgroup */
	__u32 hierarchy; /* 0: the v2 hierarchy */
	__u32 removed; /* 1: removed, 0: made */
	struct text path; /* path below the root of the hierarchy */
};
_Static_assert(sizeof(struct event_cgroup) == 152, "event_cgroup: layout differs from the schema");

/* A process has changed its working directory. */
struct event_chdir {
	struct event_header header;
	struct text cwd; /* the new working directory */
};
_Static_assert(sizeof(struct event_chdir) == 136, "event_chdir: layout differs from the schema");

/* A file was opened, or could not be. */
struct event_open {
	struct event_header header;
	struct file_facts file; /* the file; zeros when the call failed */
	__u32 open_flags; /* O_* as asked for */
	__u32 open_mode; /* permissions for a new file */
	struct text path; /* the file as the process sees it */
	struct text raw_path; /* path as given */
	struct text base; /* the directory that a relative path starts from: walked from fs.pwd or from the dirfd; only of a failed call */
};
_Static_assert(sizeof(struct event_open) == 184, "event_open: layout differs from the schema");

/* A name was removed, or could not be. */
struct event_unlink {
	struct event_header header;
	struct text raw_path; /* path as given */
	struct text base; /* the directory that a relative path starts from: walked from fs.pwd or from the dirfd */
	struct text path; /* the name as the process sees it */
	__u32 call_flags; /* AT_REMOVEDIR or 0 */
	__u32 padding; /* zero */
};
_Static_assert(sizeof(struct event_unlink) == 160, "event_unlink: layout differs from the schema");

/* A name was changed, or could not be. */
struct event_rename {
	struct event_header header;
	struct text old_path; /* path as given */
	struct text old_base; /* the directory that a relative path starts from: walked from fs.pwd or from the dirfd */
	struct text new_path; /* path as given */
	struct text new_base; /* the directory that a relative path starts from: walked from fs.pwd or from the dirfd */
	struct text old_resolved; /* the old name as the process sees it; of a symlink, what it points to */
	struct text new_resolved; /* the new name as the process sees it */
	__u32 call_flags; /* flags of the call */
	__u32 padding; /* zero */
};
_Static_assert(sizeof(struct event_rename) == 184, "event_rename: layout differs from the schema");

/* A hard link was made, or could not be. */
struct event_link {
	struct event_header header;
	struct text old_path; /* path as given */
	struct text old_base; /* the directory that a relative path starts from: walked from fs.pwd or from the dirfd */
	struct text new_path; /* path as given */
	struct text new_base; /* the directory that a relative path starts from: walked from fs.pwd or from the dirfd */
	struct text old_resolved; /* the old name as the process sees it; of a symlink, what it points to */
	struct text new_resolved; /* the new name as the process sees it */
	__u32 call_flags; /* flags of the call */
	__u32 padding; /* zero */
};
_Static_assert(sizeof(struct event_link) == 184, "event_link: layout differs from the schema");

/* A symbolic link was made, or could not be. `old_path` is what it points to. */
struct event_symlink {
	struct event_header header;
	struct text old_path; /* path as given */
	struct text old_base; /* the directory that a relative path starts from: walked from fs.pwd or from the dirfd */
	struct text new_path; /* path as given */
	struct text new_base; /* the directory that a relative path starts from: walked from fs.pwd or from the dirfd */
	struct text old_resolved; /* the old name as the process sees it; of a symlink, what it points to */
	struct text new_resolved; /* the new name as the process sees it */
	__u32 call_flags; /* flags of the call */
	__u32 padding; /* zero */
};
_Static_assert(sizeof(struct event_symlink) == 184, "event_symlink: layout differs from the schema");

/* A socket was made, or could not be. */
struct event_socket {
	struct event_header header;
	__u32 family; /* AF_* */
	__u32 type; /* SOCK_*, with its flags */
	__u32 protocol; /* protocol */
	__u32 padding; /* zero */
};
_Static_assert(sizeof(struct event_socket) == 144, "event_socket: layout differs from the schema");

/* A socket was connected, is connecting, or could not be. */
struct event_connect {
	struct event_header header;
	struct socket_facts socket; /* the socket after the call */
	__s32 fd; /* descriptor */
	__u32 padding; /* zero */
	struct text unix_path; /* path of the peer; abstract names start with NUL */
};
_Static_assert(sizeof(struct event_connect) == 200, "event_connect: layout differs from the schema");

/* A connection was accepted. Calls that failed carry the listening socket. */
struct event_accept {
	struct event_header header;
	struct socket_facts socket; /* the new socket */
	__s32 fd; /* the new descriptor */
	__u32 padding; /* zero */
	struct text unix_path; /* path that the socket is bound to */
};
_Static_assert(sizeof(struct event_accept) == 200, "event_accept: layout differs from the schema");

/* A socket listens, or could not. */
struct event_listen {
	struct event_header header;
	struct socket_facts socket; /* the listening socket */
	__s32 fd; /* descriptor */
	__s32 backlog; /* connections that may wait */
	struct text unix_path; /* path that the socket is bound to */
};
_Static_assert(sizeof(struct event_listen) == 200, "event_listen: layout differs from the schema");

/* A message was sent, or could not be. sendmmsg: one event a message, the first of them; the result is then the bytes of that message. write, writev and pwritev2 on a socket: what rules ask for; questions to name servers, what a connection sends first (flag OPENING), or all. */
struct event_send {
	struct event_header header;
	struct socket_facts socket; /* the socket; the remote end is that of the message */
	__s32 fd; /* descriptor */
	__u32 message_flags; /* MSG_* */
	struct text unix_path; /* path of the peer */
	struct text payload; /* first bytes of the message, when a rule reads them: user memory at the end of the system call (flag USER_MEMORY) */
	__u32 message; /* which message of the call, from 0 */
	__u32 messages; /* how many the call has passed on */
};
_Static_assert(sizeof(struct event_send) == 216, "event_send: layout differs from the schema");

/* A descriptor was copied to another number. */
struct event_dup {
	struct event_header header;
	struct file_facts file; /* the file behind the new descriptor; zeros when the call failed */
	struct socket_facts socket; /* the socket behind it */
	__s32 old_fd; /* descriptor copied from */
	__s32 new_fd; /* descriptor asked for */
	struct text path; /* the file; or the path of a unix socket */
};
_Static_assert(sizeof(struct event_dup) == 224, "event_dup: layout differs from the schema");

/* A process has acted on another one through ptrace, or tried to. */
struct event_ptrace {
	struct event_header header;
	__u32 request; /* PTRACE_* */
	__u32 target_vpid; /* the other process, in the caller's namespace */
	__u64 address; /* address */
	__u64 data; /* data */
};
_Static_assert(sizeof(struct event_ptrace) == 152, "event_ptrace: layout differs from the schema");

/* A kernel module was loaded, or could not be. */
struct event_module {
	struct event_header header;
	__s32 fd; /* descriptor of the module */
	__u32 call_flags; /* MODULE_INIT_* */
	__u64 image_bytes; /* size of the image */
	struct text path; /* file of the module */
	struct text parameters; /* module parameters */
};
_Static_assert(sizeof(struct event_module) == 160, "event_module: layout differs from the schema");

/* Any system call that no other kind tells: its arguments as numbers, and the credentials that the process has after it. */
struct event_syscall {
	struct event_header header;
	struct call_arguments call; /* the arguments */
	__u32 ruid; /* real user, host namespace */
	__u32 suid; /* saved user, host namespace */
	__u32 rgid; /* real group, host namespace */
	__u32 sgid; /* saved group, host namespace */
};
_Static_assert(sizeof(struct event_syscall) == 192, "event_syscall: layout differs from the schema");

/* A system call on a descriptor, and what is behind it when the call ends: after close(2), nothing. */
struct event_fd_call {
	struct event_header header;
	struct call_arguments call; /* the arguments */
	struct file_facts file; /* the file behind the descriptor; zeros when there is none */
	struct socket_facts socket; /* the socket behind it */
	struct text path; /* the file; or the path of a unix socket */
	struct text text; /* a text that the call names, e.g. an extended attribute */
	struct text value; /* a further one */
};
_Static_assert(sizeof(struct event_fd_call) == 280, "event_fd_call: layout differs from the schema");

/* A system call on a path. */
struct event_path_call {
	struct event_header header;
	struct call_arguments call; /* the arguments */
	struct text raw_path; /* path as given */
	struct text base; /* the directory that a relative path starts from: walked from fs.pwd or from the dirfd */
	struct text path; /* the path as the process sees it */
	struct text text; /* a text that the call names, e.g. an extended attribute */
};
_Static_assert(sizeof(struct event_path_call) == 208, "event_path_call: layout differs from the schema");

/* A system call on something with a name that is no path. */
struct event_name_call {
	struct event_header header;
	struct call_arguments call; /* the arguments */
	struct text text; /* the name */
	struct text value; /* a further text that the call names */
};
_Static_assert(sizeof(struct event_name_call) == 192, "event_name_call: layout differs from the schema");

/* A file system or a directory was mounted, a mount moved, or the root changed; or it could not be. pivot_root: from the new root (source), the old one to a directory (target). */
struct event_mount {
	struct event_header header;
	struct call_arguments call; /* the arguments */
	struct text source; /* path or name as given */
	struct text source_base; /* the directory that a relative path starts from: walked from fs.pwd or from the dirfd */
	struct text target; /* path as given */
	struct text target_base; /* the directory that a relative path starts from: walked from fs.pwd or from the dirfd */
	struct text type; /* file system */
	struct text source_resolved; /* the source as the process sees it; of mount(2), as given */
	struct text target_resolved; /* the target as the process sees it */
	struct text type_heard; /* file system, in the copy that the kernel goes by */
};
_Static_assert(sizeof(struct event_mount) == 240, "event_mount: layout differs from the schema");

/* Memory was mapped or protected so that it can be executed (PROT_EXEC), or could not be. Calls that do not ask for that are not sent. */
struct event_memory {
	struct event_header header;
	struct file_facts file; /* the file that is mapped; zeros when there is none */
	__u64 address; /* where it is; of a failed mmap minus errno */
	__u64 length; /* bytes */
	__u64 offset; /* first byte of the file */
	__u32 protection; /* PROT_* */
	__u32 map_flags; /* MAP_* */
	__s32 fd; /* descriptor */
	__u32 padding; /* zero */
	struct text path; /* the file that is mapped */
};
_Static_assert(sizeof(struct event_memory) == 200, "event_memory: layout differs from the schema");

/* A process could not become another program: told of the process that tried. Only where a rule can hold on it. */
struct event_exec_failed {
	struct event_header header;
	__u32 call_flags; /* AT_* */
	__u32 argument_count; /* arguments that were read */
	struct text raw_path; /* path as given */
	struct text base; /* the directory that a relative path starts from: walked from fs.pwd or from the dirfd */
	struct text arguments; /* as asked for, NUL after each */
};
_Static_assert(sizeof(struct event_exec_failed) == 160, "event_exec_failed: layout differs from the schema");

/* A process was given another name than that of its program, which the header has: by itself, or through /proc. Not told of threads beside the first. */
struct event_comm {
	struct event_header header;
};
_Static_assert(sizeof(struct event_comm) == 128, "event_comm: layout differs from the schema");

/* A message was received, or could not be. The peer of a datagram is the address that the call has filled in; without one it is the peer that the socket is connected to. recvmmsg: one event a message, as with sendmmsg. */
struct event_receive {
	struct event_header header;
	struct socket_facts socket; /* the socket; the remote end is that of the message */
	__s32 fd; /* descriptor */
	__u32 message_flags; /* MSG_* */
	struct text unix_path; /* path of the peer */
	struct text payload; /* first bytes of the message, when a rule reads them: user memory at the end of the system call (flag USER_MEMORY) */
	__u32 message; /* which message of the call, from 0 */
	__u32 messages; /* how many the call has passed on */
};
_Static_assert(sizeof(struct event_receive) == 216, "event_receive: layout differs from the schema");

/* A socket was given an address of this machine, or could not be. */
struct event_bind {
	struct event_header header;
	struct socket_facts socket; /* the socket after the call; of a failed one as asked for */
	__s32 fd; /* descriptor */
	__u32 local_source; /* where the local end was read: PEER_* */
	struct text unix_path; /* path that the socket is bound to */
};
_Static_assert(sizeof(struct event_bind) == 200, "event_bind: layout differs from the schema");

/* A ring of io_uring was set up, or could not be. What is done through rings is told as the system calls that it stands for, with the flag IO_URING: names are the copies that the kernel has made, and the file or socket is that of the request. A request that asks for no completion is told when it is submitted, with the flag RESULT_UNKNOWN. On a registered file, fd is its slot; of what is opened into a slot there is the name and no file, and a connection accepted into one is told by who listens. Operations without a kind of their own are told as fd_call, path_call or syscall with the flag NO_ARGUMENTS. */
struct event_io_uring {
	struct event_header header;
	__u32 entries; /* entries asked for */
	__u32 submission_entries; /* entries of the submission queue */
	__u32 completion_entries; /* entries of the completion queue */
	__u32 setup_flags; /* bits IORING_SETUP_* */
	__u32 thread_cpu; /* CPU of the thread that submits */
	__u32 thread_idle_ms; /* milliseconds until that thread sleeps */
	__u32 features; /* bits IORING_FEAT_* */
	__u32 padding; /* zero */
};
_Static_assert(sizeof(struct event_io_uring) == 160, "event_io_uring: layout differs from the schema");

/* A file was executed in a container, or mapped so that it can be (PROT_EXEC): told once for each container and file, and again when that was forgotten. Only where somebody asks which packages are in use; no rule sees it. A script is told by its name, beside its interpreter. */
struct event_file_used {
	struct event_header header;
	__u32 use; /* USE_* */
	__u32 padding; /* zero */
	struct text path; /* the file as the process sees it; of a script as given */
	struct text base; /* of a script: the working directory */
};
_Static_assert(sizeof(struct event_file_used) == 152, "event_file_used: layout differs from the schema");

/* Any record. In the value of a map it brings all the types into the BTF of the object. */
union event {
	struct event_header header;
	struct event_exec exec_event;
	struct event_fork fork_event;
	struct event_exit exit_event;
	struct event_cgroup cgroup_event;
	struct event_chdir chdir_event;
	struct event_open open_event;
	struct event_unlink unlink_event;
	struct event_rename rename_event;
	struct event_link link_event;
	struct event_symlink symlink_event;
	struct event_socket socket_event;
	struct event_connect connect_event;
	struct event_accept accept_event;
	struct event_listen listen_event;
	struct event_send send_event;
	struct event_dup dup_event;
	struct event_ptrace ptrace_event;
	struct event_module module_event;
	struct event_syscall syscall_event;
	struct event_fd_call fd_call_event;
	struct event_path_call path_call_event;
	struct event_name_call name_call_event;
	struct event_mount mount_event;
	struct event_memory memory_event;
	struct event_exec_failed exec_failed_event;
	struct event_comm comm_event;
	struct event_receive receive_event;
	struct event_bind bind_event;
	struct event_io_uring io_uring_event;
	struct event_file_used file_used_event;
};
