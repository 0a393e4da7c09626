/** `bulwark server`: its options. What serves is loaded when it is asked for, as it is large. */
import { Command } from 'commander'
import { addFlags } from '../config/flags.ts'
import { addSource } from '../graph/source.ts'
import { again } from '../report.ts'
import type { ServeOptions } from './doors.ts'

/** Where a server listens, and where its agents are when they run beside it. */
const usualListen = '127.0.0.1:7676'
const usualAudience = 'bulwark-server'

/** Options of alerts that a server writes, too. */
const ofAlerts = /^(?:output|alert\.)/

/** Those that say where a server is. */
const ofAgents = /^server/

export const serverCommand = (): Command =>
  addFlags(
    addSource(
      new Command('server').description(
        "keep a cluster's graph, judge the alerts of its agents, and tell them with their context",
      ),
    )
      .option('--listen <address>', 'address and port; port 0: any that is free', usualListen)
      .addOption(again('--severity <file>', 'a SeverityPolicy'))
      .addOption(
        again(
          '--policy <path>',
          'RuntimePolicies, a file or folder: what their `context` makes of alerts, beside those ' +
            'of the cluster',
        ),
      )
      .addOption(
        again('--rules <path>', 'rule files whose macros and lists these use', "Bulwark's own"),
      )
      .option('--tls-cert <file>', "the server's certificate, PEM, with those above it")
      .option('--tls-key <file>', 'its key, PEM')
      .option('--agent-token-file <file>', 'the token with which agents hand alerts over')
      .addOption(again('--agent-account <ns/name>', 'a service account whose tokens do, too'))
      .option('--reader-token-file <file>', 'the token with which the graph is asked')
      .addOption(again('--reader-account <ns/name>', 'a service account whose tokens do, too'))
      .option(
        '--state-dir <folder>',
        'where alerts that were told, and sound policies of the cluster, are kept over a ' +
          'restart, readable by its owner alone (default: nowhere)',
      )
      .option('--audience <name>', 'what tokens of accounts must be made for', usualAudience),
    ({ name, about }) => (about === 'channels' && !ofAgents.test(name)) || ofAlerts.test(name),
  )
    .addHelpText(
      'after',
      `
Agents are told of it with --server: \`bulwark run --server http://127.0.0.1:7676\`. In a pod it
asks the API server of its cluster when nothing else is said. Other addresses than those of this
machine alone want --tls-cert and --tls-key, and a token of whoever comes. See docs/server.md.

Examples:
  bulwark server --from-files dumps/
  bulwark server --kubeconfig ~/.kube/config --vulnerabilities lists/ --file-path alerts.json
  bulwark server --kubeconfig in-cluster --listen :7676 --tls-cert tls.crt --tls-key tls.key \\
    --agent-account bulwark/bulwark-agent
  curl -s http://127.0.0.1:7676/metrics`,
    )
    .action(async (options: ServeOptions, command: Command) => {
      const { serve } = await import('./serve.ts')
      process.exitCode = await serve(options, command)
    })
