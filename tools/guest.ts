/**
 * `make guest`: runs a command in a guest with another kernel, on a copy of this work tree.
 *
 *   node tools/guest.ts [--count-instructions] KERNEL COMMAND     KERNEL: 5.10, 6.1, 6.12 or 7.2
 */
import { guestKernels } from './guest/kernels.ts'
import { runGuest } from './guest/guest.ts'

const counting = '--count-instructions'
const operands = process.argv.slice(2)
const countsInstructions = operands[0] === counting
const [kernel = '', ...words] = countsInstructions ? operands.slice(1) : operands
if (kernel === '' || words.join('') === '') {
  const names = guestKernels.map(({ name }) => name).join('|')
  console.error(`usage: make guest KERNEL=${names} CMD='uname -a'`)
  process.exitCode = 2
} else {
  const { code, results } = await runGuest({
    kernel,
    command: words.join(' '),
    countsInstructions,
    onLine: (line) => console.log(line),
    onProgress: (text) => console.error(text),
  })
  for (const line of results) console.log(line)
  process.exitCode = code
}
