/** Questions to a `bulwark server`, in place of files or an API server. */
import { AccessError, ApiAsker, ApiFault } from '@bulwark/kubernetes'
import type { GraphReply } from '@bulwark/schema'
import { graphPath } from '@bulwark/schema'
import type { Questioned } from '@bulwark/server'
import { inputJson } from '@bulwark/server'
import type { Command } from 'commander'
import { Option } from 'commander'
import { exitCodes } from '../exit.ts'
import { log, logError } from '../report.ts'
import type { SourceOptions } from './source.ts'
import { addSource, sourceOf } from './source.ts'

/** Where a question is asked. */
export interface AskOptions extends SourceOptions {
  readonly server?: string
  readonly serverTokenFile?: string
  readonly serverCa?: string
}

/** Options that say where a question is asked. */
export const addAsked = (command: Command): Command =>
  addSource(command)
    .addOption(
      new Option('--server <url>', 'ask a `bulwark server`').conflicts([
        'fromFiles',
        'kubeconfig',
        'vulnerabilities',
      ]),
    )
    .option('--server-token-file <file>', 'the token of a reader, for it')
    .option('--server-ca <file>', 'certificates of the authorities to trust for it')

const fileAt = (path: string | undefined): { readonly file: string } | undefined =>
  path === undefined ? undefined : { file: path }

/** What is asked, by the names of the server; what is `undefined` is not said. */
export type Query = Readonly<Record<string, string | undefined>>

/** `undefined`: the server cannot be asked, which was said. */
const askServer = async <Answer>(
  text: string,
  options: AskOptions,
  question: string,
  query: Query,
): Promise<GraphReply<Answer> | undefined> => {
  const server = URL.parse(text)
  if (!server || (server.protocol !== 'http:' && server.protocol !== 'https:')) {
    logError(`--server: ${text} is no http: or https: address`, 'write http://127.0.0.1:7676')
    process.exitCode = exitCodes.usage
    return undefined
  }
  const asker = new ApiAsker({
    server,
    authorities: fileAt(options.serverCa),
    insecure: false,
    serverName: undefined,
    clientCert: undefined,
    clientKey: undefined,
    token: fileAt(options.serverTokenFile),
  })
  const said = Object.entries(query).filter((each): each is [string, string] => {
    return each[1] !== undefined
  })
  try {
    const path = `${graphPath}/${question}?${new URLSearchParams(said).toString()}`
    return (await asker.ask(path)) as unknown as GraphReply<Answer>
  } catch (error) {
    if (!(error instanceof ApiFault) && !(error instanceof AccessError)) throw error
    logError(`${server.origin} cannot be asked: ${error.message}`, 'see docs/server.md')
    process.exitCode = exitCodes.cannot
    return undefined
  } finally {
    asker.close()
  }
}

/** Says what is to be said of a reply, and sets the exit code; its answer, where it has one. */
const told = <Answer>({ remarks, faults, exit, answer }: GraphReply<Answer>): Answer | null => {
  for (const remark of remarks) log(`warning: ${remark}`)
  for (const { message, help } of faults) logError(message, help)
  process.exitCode = exit
  return answer
}

/** The server, or the cluster of the options, is asked; `null` when that came to nothing. */
export const answerOf = async <Answer>(
  options: AskOptions,
  question: string,
  query: Query,
  ask: (of: Questioned) => GraphReply<Answer>,
): Promise<Answer | null> => {
  if (options.server !== undefined) {
    const reply = await askServer<Answer>(options.server, options, question, query)
    return reply ? told(reply) : null
  }
  const source = await sourceOf(options)
  if (!source) return null
  const { input, from } = source
  return told(ask({ sources: input.sources, input: () => inputJson(input, from) }))
}
