/** What is mounted in a lab's folder. */
import { readFileSync } from 'node:fs'

/** Mount points below a folder, innermost first. */
export function mountsUnder(directory: string): string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((point) => point.startsWith(`${directory}/`))
    .reverse()
}
