/**
 * `make fuzz`: nearly right rule files and conditions, for two minutes.
 *
 *   node tools/fuzz/run.ts [SECONDS]     TEST_SEED=… repeats a run
 */
import { fuzz } from './fuzz.ts'

const main = ([text = '120']: readonly string[]): void => {
  const seconds = Number(text)
  const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 2 ** 31)
  console.log(`TEST_SEED=${seed}, ${seconds} seconds`)
  const end = performance.now() + seconds * 1000
  const { tried, accepted, finds } = fuzz(seed, () => performance.now() >= end)
  for (const { kind, text: input, fault } of finds) {
    console.log(`${kind}: ${JSON.stringify(input)}`)
    console.log(fault instanceof Error ? fault.stack : fault)
  }
  console.log(`${tried} inputs, ${accepted} accepted, ${finds.length} finds`)
  if (finds.length > 0 || tried === 0) process.exitCode = 1
}

main(process.argv.slice(2))
