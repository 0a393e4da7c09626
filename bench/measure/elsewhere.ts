/** A sensor that is its bare hook: its only rule is about a call that no loop makes. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const elsewhere = `- rule: Elsewhere
  desc: d
  condition: evt.type = ptrace
  output: o
  priority: NOTICE
`

/** Does something with the file of that rule. */
export const withElsewhere = async <T>(work: (path: string) => Promise<T>): Promise<T> => {
  const folder = mkdtempSync(join(tmpdir(), 'bulwark-bench-'))
  const file = join(folder, 'elsewhere.yaml')
  writeFileSync(file, elsewhere)
  try {
    return await work(file)
  } finally {
    rmSync(folder, { recursive: true })
  }
}
