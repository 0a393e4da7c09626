/** A report of files that run, as an agent sends it, checked. */
import type { UsageReport } from '@bulwark/schema'
import { usageLimits } from '@bulwark/schema'
import * as z from 'zod'
import { limits } from '../limits.ts'

const { nameCharsMax } = limits
const milliseconds = z.number().int().min(0).max(8.64e15)
const name = z.string().max(nameCharsMax)

const file = z.object({
  path: z.string().startsWith('/').max(limits.usedPathCharsMax),
  use: z.enum(['executed', 'mapped', 'running']),
  by: name,
  since_ms: milliseconds,
})

const container = z.object({
  id: z.string().min(1).max(nameCharsMax),
  namespace: name,
  pod: name,
  container: name,
  image_digests: z
    .array(z.string().regex(/^sha256:[0-9a-f]{64}$/, 'is no digest'))
    .max(usageLimits.digestsMax),
  watched_since_ms: milliseconds.nullable(),
  missed_ms: milliseconds.nullable(),
  ended: z.boolean(),
  files: z.array(file).max(usageLimits.filesMax),
})

const reportForm: z.ZodType<UsageReport> = z.object({
  node: name.min(1),
  time_ms: milliseconds,
  containers: z.array(container).max(usageLimits.containersMax),
  from_start: z.boolean().exactOptional(),
})

/** The report in a body; or what is wrong with it. */
export const readUsage = (
  body: string,
): { readonly report: UsageReport } | { readonly message: string; readonly help: string } => {
  const help = 'send a report as docs/server.md has it'
  let json: unknown
  try {
    json = JSON.parse(body) as unknown
  } catch {
    return { message: 'the request is no JSON', help }
  }
  const read = reportForm.safeParse(json)
  if (read.success) return { report: read.data }
  const [first] = read.error.issues
  return { message: `${(first?.path ?? []).join('.')}: ${first?.message ?? 'is no report'}`, help }
}
