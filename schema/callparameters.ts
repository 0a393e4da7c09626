/**
 * Parameters of the system calls that are told in a shape: a call a line, its name, then its
 * parameters as `name@argument:form`. Names and order are Falco's, where it knows the call; else
 * those of the manual pages. Without `@` the argument is that of the place in the line, without
 * `:form` it is told in hexadecimal digits. `=name` first: so the result is called; a descriptor.
 * What a form means stands in `calls.ts`. A line that begins with
 * blanks goes on with the one before it.
 */
export const callParameters = `
read data:none fd@0:fd size@2:u64
write data:none fd@0:fd size@2:u64
pread data:none fd@0:fd size@2:u64 pos@3:u64
pwrite data:none fd@0:fd size@2:u64 pos@3:u64
readv size:none data:none fd@0:fd
writev data:none fd@0:fd size:none
preadv size:none data:none fd@0:fd pos@3:u64
pwritev data:none fd@0:fd size:none pos@3:u64
preadv2 size:none data:none fd@0:fd pos@3:u64
pwritev2 data:none fd@0:fd size:none pos@3:u64
close fd:fd
close_range first:u32 last:u32 flags:closerange
lseek fd:fd offset:u64 whence:whence
llseek fd:fd offset@2:u64 whence@4:whence
fstat fd:fd
fstatfs fd:fd
fcntl fd:fd cmd:fcntl arg
ioctl fd:fd request argument
flock fd:fd operation:lock
fsync fd:fd
fdatasync fd:fd
syncfs fd:fd
ftruncate fd:fd length:u64
fallocate fd:fd mode:hex offset:u64 len:u64
fadvise64 fd:fd offset:u64 len:u64
readahead fd:fd offset:u64 len:u64
sync_file_range fd:fd offset:u64 len:u64 flags
getdents fd:fd
getdents64 fd:fd
fchmod fd:fd mode:mode
fchown fd:fd uid:u32 gid:u32
fsetxattr fd:fd name:text value_bytebuf size:u64 flags
fgetxattr fd:fd name:text value_bytebuf size:u64
flistxattr fd:fd
fremovexattr fd:fd name:text
setns fd:fd nstype:clone
fsconfig fd:fd cmd:fsconfig key:text value_bytebuf:none value_charbuf@3:value aux@4:i32
fsmount fd:fd flags
fsopen name:text flags
fspick dirfd:dirfd path:path flags
open_tree dirfd:dirfd path:path flags
open_tree_attr dirfd:dirfd path:path flags
mount_setattr dirfd:dirfd path:path flags:at
pidfd_getfd =fd pid_fd:fd target_fd:otherfd flags
pidfd_send_signal fd:fd sig:signal
pidfd_open =fd pid:pid flags:pidfd
process_madvise fd:fd
process_mrelease fd:fd flags
copy_file_range fdout@2:otherfd offout@3:u64 fdin@0:fd offin@1:u64 len@4:u64
sendfile offset:none out_fd@0:otherfd in_fd@1:fd size@3:u64
splice fd_in@0:fd fd_out@2:otherfd size@4:u64 flags@5:splice
tee fd_in@0:fd fd_out@1:otherfd size@2:u64 flags@3:splice
vmsplice fd:fd
io_uring_enter fd:fd to_submit:u32 min_complete:u32 flags:ringenter sig:none
io_uring_register fd:fd opcode:ringregister arg nr_args:u32
getcwd path:none
epoll_ctl fd:fd op:i32 target_fd:otherfd
epoll_wait maxevents@2:i32 fd@0:fd timeout@3:i32
epoll_pwait maxevents@2:i32 fd@0:fd timeout@3:i32
epoll_pwait2 maxevents@2:i32 fd@0:fd
epoll_create size:i32
epoll_create1 flags:epoll
eventfd initval:u64 flags:none
eventfd2 flags@1:handle initval@0:u64
signalfd fd:fd mask:none flags:none
signalfd4 flags@3:handle fd@0:fd mask:none
timerfd_create clockid:i32 flags:handle
timerfd_settime fd:fd flags
timerfd_gettime fd:fd
inotify_init flags:none
inotify_init1 flags:handle
inotify_add_watch fd:otherfd path:path mask
inotify_rm_watch fd:fd id:i32
fanotify_init flags event_type
fanotify_mark fd:otherfd flags mask dirfd:dirfd path:path
getsockname fd:fd
getpeername fd:fd
getsockopt fd:fd level:level optname:sockopt val:none optlen:none
setsockopt fd:fd level:level optname:sockopt val:none optlen@4:u32
shutdown fd:fd how:shutdown
socketpair fd1:none fd2:none source:none peer:none domain@0:family type@1:u32 proto@2:u32
pipe fd1:none fd2:none ino:none
pipe2 fd1:none fd2:none ino:none flags@1:pipe
mq_open name:text flags:open mode:oct
mq_unlink name:text
mq_timedsend fd:fd
mq_timedreceive fd:fd
mq_notify fd:fd
mq_getsetattr fd:fd
perf_event_open addr pid:pid cpu:i32 fd:otherfd flags
kexec_file_load fd:fd fd2:otherfd len:u64 args flags
chmod filename:path mode:mode
fchmodat dirfd:dirfd filename:path mode:mode
fchmodat2 dirfd:dirfd filename:path mode:mode flags:at
chown path:path uid:u32 gid:u32
lchown path:path uid:u32 gid:u32
fchownat dirfd:dirfd pathname:path uid:u32 gid:u32 flags:at
mkdir path:path mode:hex
mkdirat dirfd:dirfd path:path mode:hex
mknod path:path mode:node dev:u32
mknodat dirfd:dirfd path:path mode:node dev:u32
rmdir path:path
truncate path:path length:u64
access name:path mode:access
faccessat dirfd:dirfd name:path mode:access
faccessat2 dirfd:dirfd name:path mode:access flags:at
stat path:path
lstat path:path
newfstatat dirfd:dirfd path:path flags@3:at
statx dirfd:dirfd path:path flags:at mask
statfs path:path
readlink path:path
readlinkat dirfd:dirfd path:path
name_to_handle_at dirfd:dirfd path:path flags@4:at
file_getattr dirfd:dirfd path:path
file_setattr dirfd:dirfd path:path
utime path:path
utimes path:path
futimesat dirfd:dirfd path:path
utimensat dirfd:dirfd path:path flags@3:at
setxattr path:path name:text value_bytebuf size:u64 flags
lsetxattr path:path name:text value_bytebuf size:u64 flags
getxattr path:path name:text value_bytebuf size:u64
lgetxattr path:path name:text value_bytebuf size:u64
listxattr path:path
llistxattr path:path
removexattr path:path name:text
lremovexattr path:path name:text
setxattrat dirfd:dirfd path:path flags:at name:text
getxattrat dirfd:dirfd path:path flags:at name:text
listxattrat dirfd:dirfd path:path flags:at
removexattrat dirfd:dirfd path:path flags:at name:text
chroot path:path
acct path:path
uselib path:path
umount2 name:path flags:umount
swapon path:path flags
swapoff path:path
quotactl special@1:path quotafilepath:none dqb_bhardlimit:none dqb_bsoftlimit:none
  dqb_curspace:none dqb_ihardlimit:none dqb_isoftlimit:none dqb_btime:none dqb_itime:none
  dqi_bgrace:none dqi_igrace:none dqi_flags:none quota_fmt_out:none cmd@0:quotacmd
  type@0:quotatype id@2:u32 quota_fmt:none
quotactl_fd fd:fd cmd:quotacmd id:u32
statmount addr
memfd_create =fd name:text flags:memfd
memfd_secret =fd flags:handle
sethostname name:sized size:u64
setdomainname name:sized size:u64
delete_module name:text flags:delmodule
add_key type:text description:value value_bytebuf size:u64 id:i32
request_key type:text description:value args dest:i32
setuid uid:uid
setgid gid:gid
setreuid ruid:uid euid:uid
setregid rgid:gid egid:gid
setresuid ruid:uid euid:uid suid:uid
setresgid rgid:gid egid:gid sgid:gid
setfsuid uid:uid
setfsgid gid:gid
setgroups size:i32
getuid =uid
geteuid =euid
getgid =gid
getegid =egid
getresuid ruid:after euid:after suid:after
getresgid rgid:after egid:after sgid:after
setsid
munlockall
select
setpgid pid:pid pgid:pid
getpgid pid:pid
getsid pid:pid
capset cap_inheritable:capability cap_permitted:capability cap_effective:capability
unshare flags:clone
bpf =fd cmd:bpf addr size:u32
userfaultfd flags:userfaultfd
prctl option:prctl arg2_str:comm arg2_int@1:i64
arch_prctl option:hex addr
seccomp op:u64 flags
keyctl operation:keyctl arg2:i64 arg3:i64 arg4:i64 arg5:i64
kexec_load addr entries:u64 args flags
process_vm_readv pid:pid data:none
process_vm_writev pid:pid data:none
kcmp pid:pid target:pid type:i32
kill pid:pid sig:signal
tkill tid:pid sig:signal
tgkill pid:pid tid:pid sig:signal
rt_sigqueueinfo pid:pid sig:signal
rt_tgsigqueueinfo pid:pid tid:pid sig:signal
setrlimit cur:none max:none resource@0:resource
getrlimit cur:none max:none resource@0:resource
prlimit newcur:none newmax:none oldcur:none oldmax:none pid@0:pid resource@1:resource
semget key nsems:i32 semflg:semget
semctl semid:i32 semnum:i32 cmd:semctl val:i32
semop nsops@2:u32 sem_num_0:none sem_op_0:none sem_flg_0:none sem_num_1:none sem_op_1:none
  sem_flg_1:none semid@0:i32
personality flags:personality
iopl level:u32
ioperm first:u32 len:u32 val:i32
reboot first second cmd arg
syslog type:i32 addr len:i32
futex addr op:futex val:u64
madvise addr length:u64 event_type:i32
mlock addr len:u64
mlock2 addr len:u64 flags:mlock
mlockall flags:mlockall
munlock addr len:u64
munmap vm_size:none vm_rss:none vm_swap:none addr@0 length@1:u64
mremap addr length:u64 newmax:u64 flags
brk vm_size:none vm_rss:none vm_swap:none addr@0
umask mode:oct
landlock_create_ruleset addr size:u64 flags
landlock_restrict_self fd:fd flags
landlock_add_rule fd:fd type:i32
clock_settime clockid:i32
clock_adjtime clockid:i32
nanosleep interval:none
poll fds:none timeout@2:i64
ppoll fds:none timeout:none sigmask:none
alarm timeout:u32
`
