/** Accessors of `dns.*`. */
import { questionOf } from '../network/dns.ts'
import type { Question } from '../network/dns.ts'
import type { LiveEvent } from '../live-event.ts'
import type { AccessorTable, MakeAccessor } from './reader.ts'
import { plain } from './reader.ts'

const udp = 'udp'
const namePorts: ReadonlySet<number> = new Set([53, 5353])

const questionIn = (event: LiveEvent): Question | undefined => {
  const { socket, payload } = event
  if (!payload || socket?.protocol !== udp || !namePorts.has(socket.remotePort)) return undefined
  return event.isSend ? questionOf(payload) : undefined
}

const ofQuestion = (read: (question: Question) => string): MakeAccessor =>
  plain((event) => {
    const question = questionIn(event)
    return question && read(question)
  })

export const dnsAccessors: AccessorTable = {
  'dns.question.name': ofQuestion(({ name }) => name),
  'dns.question.type': ofQuestion(({ type }) => type),
}
