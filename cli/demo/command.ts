/** `bulwark demo`: its options. What plays is loaded when it is asked for: no agent needs it. */
import { Command, Option } from 'commander'
import type { DemoOptions } from './demo.ts'

export const demoCommand = (): Command =>
  new Command('demo')
    .description('the same shell in two real containers: critical in one, suppressed in the other')
    .addOption(
      new Option('-o, --output <form>', 'form of what is told: json is the two alerts')
        .choices(['text', 'json'])
        .default('text'),
    )
    .addHelpText(
      'after',
      `
It starts two containers with runc, out of the programs of this machine (nothing is fetched), and
takes them for pods of a small shop that comes with Bulwark. They are gone when it ends. It needs
root, runc, and script.

Exit codes: 0 both alerts came; 1 one did not; 3 this machine cannot do it.

Examples:
  bulwark demo
  bulwark demo -o json | jq .bulwark.context`,
    )
    .action(async (options: DemoOptions) => {
      const { demo } = await import('./demo.ts')
      process.exitCode = await demo(options)
    })
