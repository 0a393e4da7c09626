/** Words of which random conditions and records are made: few, so that they meet. */

/** Paths as the kernel tells them. */
export const walked = [
  '/etc/shadow',
  '/etc/passwd',
  '/etc',
  '/etc/pam.d/su',
  '/tmp/a.so',
  '/a',
  '/',
  '/root/.ssh/id_rsa',
  '/etcetera/x',
  'lost/begin/shadow',
  '[eventpoll]',
  'inotify',
]
/** Paths as processes give them. */
export const given = [
  ...walked,
  '',
  '.',
  '..',
  'shadow',
  'a/../shadow',
  '//etc//shadow',
  '/etc/shadow/',
  '/etc/./shadow',
  '/tmp/../etc/shadow',
  'etc/shadow/.',
  'x/..',
]
/** Ancestors that the kernel tells at most. */
export const ancestorsMax = 8
export const comms = ['sh', 'bash', 'cat', '', 'a', 'sixteen_letters_', '\xff']

/** What constants of text are, and some parts of them. */
export const texts = [
  ...walked,
  ...comms,
  '/etc/',
  '/e',
  'shadow',
  'ow',
  '.so',
  'su',
  's',
  '//etc',
  'SUCCESS',
  'ENOENT',
  'host',
  'file',
  'directory',
  'ipv4',
  'unix',
  'f',
  '4',
  'u',
  'tcp',
  'udp',
  '<NA>',
  'raw',
  'ip',
  '80',
  'GET / HTTP',
  'x'.repeat(80),
  'openat',
  'write',
  'CAP_SYS_ADMIN',
  'root',
]
/** What of command lines are parts of arguments, or of several. */
export const lines = [
  ...comms,
  '-c',
  '-c ',
  ' -c',
  ' -c ',
  'sh -c',
  'sh -c cat /etc/shadow',
  '-c cat /etc/shadow',
  'cat /etc/shadow',
  '/etc/shadow',
  'at /etc',
  ' ',
  '  ',
  'sh ',
  ' sh',
  '-i',
  'a b',
  '/bin/cat',
  'in/cat',
]
/** What of environments are parts of variables, or of several. */
export const variables = [
  'GLIBC_TUNABLES',
  'glibc_Tunables=a',
  'LD_AUDIT=/tmp/',
  '/tmp/a.so',
  '=/bin GLIBC',
  '/bin GLIBC_TUNABLES=a=b',
  'TUNABLES= X=1',
  'B=',
  'X',
  'a=b',
  '',
  'no such variable',
]
/** What arguments and capabilities are called, and digits. */
export const words = (
  'O_CREAT O_TRUNC O_RDONLY O_RDONLY|O_CLOEXEC O_WRONLY O_F_CREATED O_CREAT|O_WRONLY O_DSYNC ' +
  'FD_UPPER_LAYER AF_INET AF_ AF_UNIX PTRACE_ATTACH PTRACE_ S_ISUID S_IXOTH CLONE_NEWUSER CLONE_ ' +
  'SIGKILL SIG PROT_EXEC PROT_READ|PROT_EXEC AT_FDCWD AT_REMOVEDIR BPF_PROG_LOAD PR_CAP_AMBIENT ' +
  'PR_SET_NAME R_OK MFD_CLOEXEC CAP_SYS_ADMIN CAP_CHOWN sys_admin MAP_SHARED F_GETFD EACCES ' +
  'EPERM 0755 0644 0 1 2 3 7 42 -1 -2 A FFFFFFFF 1BB 5 | /etc/shadow shadow /etc a.so sh'
).split(' ')
export const globs = [
  '*',
  '/etc/*',
  '*.so',
  '/etc/*.d/*',
  '/e[t]c/shadow',
  'sh',
  '?',
  '*/shadow',
  '\\*',
]
export const expressions = [
  '/etc/.*',
  '.*shadow',
  '/etc/shadow|x',
  '/etcx?.*',
  '[/]etc.*',
  'sh',
  '',
]
export const paths = [
  '/etc',
  '/etc/pam.d',
  '/',
  '/etc/*/su',
  'etc',
  '/tmp',
  '/*/shadow',
  '/a/',
  'lost',
]
export const numbers = [
  '0',
  '1',
  '2',
  '3',
  '-1',
  '-2',
  '6',
  '7',
  '8',
  '443',
  '1000',
  '4294967295',
  '42',
]
export const addresses = ['10.0.0.1', '127.0.0.1', '::1', '2001:db8::1', '192.0.2.7']
export const networks = [
  '10.0.0.0/8',
  '0.0.0.0/0',
  '::/0',
  '2001:db8::/32',
  '127.0.0.1/32',
  '10.0.0.1/31',
]
