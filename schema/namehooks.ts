/**
 * LSM hooks that tell the security backend the names of a system call: the kernel asks there, with
 * its own objects, before it acts; a name may be a socket address. A call that is not here has no
 * names, or such as are known from the descriptor when it ends. Not here: sendmmsg, of which only
 * the last message's address would be left.
 */

const lines = `
unlink path_unlink
unlinkat path_unlink path_rmdir
rename path_rename
renameat path_rename
renameat2 path_rename
link path_link
linkat path_link
symlink path_symlink
symlinkat path_symlink
mkdir path_mkdir
mkdirat path_mkdir
rmdir path_rmdir
mknod path_mknod
mknodat path_mknod
chmod path_chmod
fchmodat path_chmod
fchmodat2 path_chmod
chown path_chown
lchown path_chown
fchownat path_chown
truncate path_truncate
chroot path_chroot
umount2 sb_umount
mount sb_mount
move_mount move_mount
pivot_root sb_pivotroot
connect socket_connect
bind socket_bind
sendto socket_sendmsg
sendmsg socket_sendmsg
`

const hooks: ReadonlyMap<string, readonly string[]> = new Map(
  lines
    .trim()
    .split('\n')
    .map((line) => {
      const [call = '', ...names] = line.split(' ')
      return [call, names]
    }),
)

/** The LSM hooks that tell the names of a call; none for most. */
export const nameHooksOf = (call: string): readonly string[] => hooks.get(call) ?? []
