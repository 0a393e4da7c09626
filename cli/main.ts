/** `bulwark`: the command line. Each command is a file; this one names them. */
import { Command, CommanderError } from 'commander'
import { configCommand } from './config/command.ts'
import { demoCommand } from './demo/command.ts'
import { doctorCommand } from './doctor.ts'
import { exitCodes } from './exit.ts'
import { graphCommand } from './graph/command.ts'
import { boundHeap } from './memory.ts'
import { policyStatusCommand } from './policy-status.ts'
import { policyCheckCommand, policyListCommand } from './policy.ts'
import { harmlessLines } from './print.ts'
import { recordCommand } from './record.ts'
import { replayCommand } from './replay.ts'
import { logError, unwritten } from './report.ts'
import { explainCommand } from './rules-explain.ts'
import { testCommand } from './rules-test.ts'
import { checkCommand, listCommand } from './rules.ts'
import { agentCommand, runCommand } from './run.ts'
import { serverCommand } from './server/command.ts'
import { keepDebuggerShut } from './signals.ts'
import { version, versionCommand } from './version.ts'

keepDebuggerShut()
boundHeap()

const program = new Command('bulwark')
  .description('Runtime security for Kubernetes: sees with eBPF, detects with rules.')
  .version(version)
  .addHelpText(
    'after',
    `
Exit codes: 0 done; 1 a check found a fault; 2 wrong usage; 3 this machine cannot do it.

Examples:
  bulwark run                                  watch this machine with Bulwark's own rules
  bulwark run --rules falco_rules.yaml -o json the same with Falco's, a line of JSON an alert
  bulwark server --from-files dumps/           judge the alerts of agents in their cluster
  bulwark record -o night.bulwark              keep this machine's events
  bulwark replay night.bulwark                 run rules over them, as if live
  bulwark rules check falco_rules.yaml         say what is wrong with a rule file
  bulwark rules test mine.test.yaml            try rules on events that are written down
  bulwark policy check policies/               say what is wrong with policies
  bulwark graph pod shop/web --from-files .    say what its context makes of a pod's alerts
  bulwark graph paths --from internet --from-files . say how a cluster could be taken over
  bulwark demo                                 the same shell in two pods, judged
  bulwark doctor                               say what this machine can do`,
  )
const rulesExamples = `
Examples:
  bulwark rules check falco_rules.yaml
  bulwark rules explain "Terminal shell in container" --rules falco_rules.yaml
  bulwark rules test mine.test.yaml`
const policyExamples = `
Examples:
  bulwark policy check policies/
  bulwark policy list policies/`
program.addCommand(runCommand())
program.addCommand(agentCommand())
program.addCommand(serverCommand())
program.addCommand(recordCommand())
program.addCommand(replayCommand())
program.addCommand(
  new Command('rules')
    .description('check, list, explain and test rule files')
    .addHelpText('after', rulesExamples)
    .addCommand(checkCommand())
    .addCommand(listCommand())
    .addCommand(explainCommand())
    .addCommand(testCommand()),
)
program.addCommand(
  new Command('policy')
    .description('check and list RuntimePolicies, and write their status')
    .addHelpText('after', policyExamples)
    .addCommand(policyCheckCommand())
    .addCommand(policyListCommand())
    .addCommand(policyStatusCommand()),
)
program.addCommand(graphCommand())
program.addCommand(demoCommand())
program.addCommand(configCommand())
program.addCommand(doctorCommand())
program.addCommand(versionCommand())

// Commander exits with 1 on wrong usage; here that is 2. Added commands take nothing over.
const strict = (command: Command, called: string): void => {
  command
    .exitOverride()
    .showHelpAfterError(`bulwark:   help: see \`${called} --help\``)
    .configureOutput({
      outputError: (text, write) => write(harmlessLines(`bulwark: ${text}`)),
    })
  for (const each of command.commands) strict(each, `${called} ${each.name()}`)
}
strict(program, program.name())

// `rules list | head`: a reader that has enough is no fault. What streams sees to it itself.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (process.stdout.listenerCount('error') > 1) return
  if (error.code === 'EPIPE') process.exit()
  logError(unwritten(error))
  process.exit(exitCodes.cannot)
})
// Nobody is left to be told of it, and what is done goes on.
process.stderr.on('error', () => {})

try {
  await program.parseAsync()
} catch (error) {
  if (!(error instanceof CommanderError)) throw error
  process.exitCode = error.exitCode === 0 ? exitCodes.done : exitCodes.usage
}
