/** Members that messages sent and received share. */
import type { Member } from './eventtypes.ts'
import { group, number, socketFacts, text } from './members.ts'
import { user } from './sources.ts'

/** What is told of a message. */
export const messageMembers: readonly Member[] = [
  group(socketFacts, 'socket', 'the socket; the remote end is that of the message'),
  number('fd', 'i32', 'descriptor', 'pt_regs'),
  number('message_flags', 'u32', 'MSG_*', 'pt_regs'),
  text('unix_path', 'path of the peer', 'unix_sock.peer, or user memory'),
  text('payload', `first bytes of the message, when a rule reads them: ${user}`, 'the buffers'),
  number('message', 'u32', 'which message of the call, from 0', 'the program'),
  number('messages', 'u32', 'how many the call has passed on', 'sys_exit', '0: failed'),
]
