/** Fields of questions to name servers: Bulwark's own, as Falco has none. */
import type { FieldSpec } from './fieldtypes.ts'
import { carried } from './fieldforms.ts'

/**
 * Types of the events that carry a question, when a rule asks for it: the calls that send a
 * datagram. `write` and its like are those to a connected socket, and of them only questions.
 */
export const questionTypes = [
  'sendto',
  'sendmsg',
  'sendmmsg',
  'write',
  'writev',
  'pwritev2',
] as const

const absent = 'no datagram to port 53 or 5353, or no question in it'

export const dnsFields: readonly FieldSpec[] = [
  carried(
    'dns.question.name',
    'string',
    'name that is asked for, in lower case, without the last dot; a dot in a label is `\\.`',
    absent,
    { onlyOn: questionTypes },
  ),
  carried(
    'dns.question.type',
    'string',
    '`A`, `AAAA`, `TXT` and so on; `TYPE65280` where the number has no name',
    absent,
    { onlyOn: questionTypes },
  ),
]
