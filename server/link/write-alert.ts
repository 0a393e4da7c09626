/** An alert as `readAlert` reads it: the shape of `schema/alert-link.ts`, in one line. */
import type { LinkAlert, LinkSubject } from '@bulwark/schema'
import type { ReceivedAlert } from './read-alert.ts'

/** Numbers beyond what a double holds, as they are. */
const raw = JSON as unknown as { readonly rawJSON: (text: string) => unknown }

const exact = (_: string, value: unknown): unknown =>
  typeof value === 'bigint' ? raw.rawJSON(String(value)) : value

const subjectOf = (of: NonNullable<ReceivedAlert['subject']>): LinkSubject => {
  const { namespace, podName, container, imageDigest, programs, outcome, act } = of
  const peer = act?.peer
  return {
    ...(namespace === undefined ? {} : { namespace }),
    ...(podName === undefined ? {} : { pod: podName }),
    ...(container === undefined ? {} : { container }),
    ...(imageDigest === undefined ? {} : { image_digest: imageDigest }),
    programs: programs.map((program) => ({
      executable: program.executable,
      arguments: program.programArguments,
      directory: program.workingDirectory,
    })),
    outcome,
    ...(act && {
      act: {
        type: act.type,
        files: act.files,
        is_write: act.isWrite,
        ...(peer && {
          peer: {
            address: peer.address,
            port: peer.port,
            ...(peer.protocol === undefined ? {} : { protocol: peer.protocol }),
          },
        }),
      },
    }),
  }
}

const linkOf = (alert: ReceivedAlert): LinkAlert => {
  const { uuid, rule, priority, source, tags, hostname, time, message, output } = alert
  const { pid, containerId, podUid, truncated, fromUserMemory, policy } = alert.bulwark
  return {
    uuid,
    rule,
    priority,
    source,
    tags,
    hostname,
    time,
    message,
    output,
    output_fields: Object.fromEntries(alert.outputFields),
    bulwark: {
      container_id: containerId ?? null,
      from_user_memory: fromUserMemory,
      pid,
      pod_uid: podUid ?? null,
      ...(policy === undefined ? {} : { policy }),
      ...(alert.bulwark.scopeUnknown === true ? { scope_unknown: true } : {}),
      truncated,
    },
    ...(alert.subject ? { subject: subjectOf(alert.subject) } : {}),
  }
}

/** @param more  members that stand before the alert's own, under a key of their own */
export const alertLine = (alert: ReceivedAlert, more: Readonly<Record<string, unknown>>): string =>
  JSON.stringify({ ...more, alert: linkOf(alert) }, exact)
