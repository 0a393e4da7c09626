/**
 * Reads a catalogue of tried attacks: JSON, an array of objects with `id`, `technique`, `title`,
 * `env` (what the act needs: `busybox`, `debian+python3`, ...), `howToTrigger` (a shell script),
 * `benignCmd` (the same for its benign twin, where there is one) and `evidence` (patterns of
 * system calls, as strace writes them, that show that the act happened).
 */

/** One attack of the catalogue, and its twin. */
export type Tried = {
  readonly id: string
  readonly technique: string
  readonly title: string
  readonly env: string
  readonly attack: string
  readonly twin: string | undefined
  readonly evidence: readonly RegExp[]
}

export type Catalogue = {
  readonly tried: readonly Tried[]
  /** How many were left out, by the reason. */
  readonly leftOut: ReadonlyMap<string, number>
}

/** Acts of these environments are no events of a kernel. */
const noKernelEvent: readonly { readonly env: RegExp; readonly why: string }[] = [
  { env: /^audit-replay/, why: 'events of the Kubernetes audit log' },
  { env: /^simulated graph/, why: 'what a kernel event means in the graph of a cluster' },
]

/** Reads the text of a catalogue; throws with the entry's place when it is none. */
export function readCatalogue(text: string): Catalogue {
  const entries: unknown = JSON.parse(text)
  if (!Array.isArray(entries)) throw new Error('expected a list of scenarios')
  const tried: Tried[] = []
  const leftOut = new Map<string, number>()
  for (const [index, entry] of entries.entries()) {
    const one = readEntry(entry, `entry ${index}`)
    const why = noKernelEvent.find(({ env }) => env.test(one.env))?.why
    if (why === undefined) tried.push(one)
    else leftOut.set(why, (leftOut.get(why) ?? 0) + 1)
  }
  return { tried, leftOut }
}

function readEntry(value: unknown, place: string): Tried {
  if (typeof value !== 'object' || value === null) throw new Error(`${place}: expected fields`)
  const fields = value as Readonly<Record<string, unknown>>
  const text = (key: string): string => {
    const found = fields[key] ?? ''
    if (typeof found !== 'string') throw new Error(`${place}.${key}: expected text`)
    return found
  }
  const evidence: unknown = fields['evidence'] ?? []
  if (!Array.isArray(evidence)) throw new Error(`${place}.evidence: expected a list`)
  const twin = text('benignCmd')
  return {
    id: text('id'),
    technique: text('technique'),
    title: text('title'),
    env: text('env'),
    attack: text('howToTrigger'),
    twin: twin === '' ? undefined : twin,
    evidence: evidence.map((pattern) => new RegExp(String(pattern))),
  }
}
