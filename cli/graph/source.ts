/** From where a question's cluster comes, as its options say. */
import type { Command } from 'commander'
import { Option } from 'commander'
import { AccessError } from '@bulwark/kubernetes'
import { exitCodes } from '../exit.ts'
import { accessOf } from '../kubernetes.ts'
import { again, log, logError } from '../report.ts'
import type { ClusterInput } from '@bulwark/server'
import { FilesError, ReportFiles, inputLines, readClusterFiles } from '@bulwark/server'
import { LiveError, listCluster } from './live.ts'

export interface SourceOptions {
  readonly fromFiles?: string
  readonly kubeconfig?: string
  readonly vulnerabilities: readonly string[]
}

/** What a question is asked of. */
export interface Source {
  readonly input: ClusterInput
  /** Folder, file or address. */
  readonly from: string
}

/** Where neither was given. */
const noSource =
  'give `--from-files DIR` or `--kubeconfig FILE`; ' +
  "`bulwark graph --help` says how to write DIR's files"

const howToWrite = 'give a folder with what `kubectl get KINDS -A -o json` wrote'

/** Options that say where a cluster is. */
export const addSource = (command: Command): Command =>
  command
    .addOption(
      new Option(
        '--from-files <path>',
        'a folder or file of `kubectl get … -A -o json`, and of reports about images',
      ).conflicts('kubeconfig'),
    )
    .option(
      '--kubeconfig <file>',
      'ask the API server of its current context; `in-cluster`: as a pod',
    )
    .addOption(
      again(
        '--vulnerabilities <path>',
        'what scanners and lists say, beside an API server: a file or folder of reports, SBOMs, ' +
          'VEX, EPSS, KEV',
      ).conflicts('fromFiles'),
    )

/** Reads files; says what was read. `undefined` when they cannot be read, which was said. */
export const filesSource = async (path: string): Promise<Source | undefined> => {
  try {
    const input = await readClusterFiles(path, log)
    for (const line of inputLines(input, path)) log(line)
    if (input.objects + input.documents > 0) return { input, from: path }
    // An answer would say that there is no way, of a cluster that nobody has looked at.
    logError(`${path} has no object of a cluster`, howToWrite)
    return undefined
  } catch (error) {
    if (!(error instanceof FilesError)) throw error
    logError(`cannot read a cluster from ${path}: ${error.message}`, howToWrite)
    return undefined
  }
}

/** Reads files beside a cluster; tells whether they can be read, which is said if not. */
export const areRead = async (files: ReportFiles): Promise<boolean> => {
  try {
    await files.start()
    return true
  } catch (error) {
    if (!(error instanceof FilesError)) throw error
    const help = 'give a file or a folder that there is: docs/vulnerabilities.md'
    logError(`cannot read vulnerabilities: ${error.message}`, help)
    return false
  }
}

const liveSource = async (
  kubeconfig: string,
  paths: readonly string[],
): Promise<Source | undefined> => {
  try {
    const { signal } = new AbortController()
    const { input, place } = await listCluster(accessOf(kubeconfig), log, signal)
    // What is wrong in them is said with all else.
    const files = new ReportFiles({ paths, input, log: () => {}, isListed: () => false })
    if (!(await areRead(files))) {
      process.exitCode = exitCodes.usage
      return undefined
    }
    for (const line of inputLines(input, place)) log(line)
    return { input, from: place }
  } catch (error) {
    if (error instanceof AccessError) {
      logError(`cannot use ${kubeconfig}: ${error.message}`, 'see docs/kubernetes.md')
      process.exitCode = exitCodes.usage
    } else if (error instanceof LiveError) {
      logError(`the API server cannot be asked: ${error.message}`, 'does `kubectl version` work?')
      process.exitCode = exitCodes.cannot
    } else throw error
    return undefined
  }
}

/** The cluster that is asked; `undefined` when there is none, which was said. */
export const sourceOf = async (options: SourceOptions): Promise<Source | undefined> => {
  const { fromFiles, kubeconfig, vulnerabilities } = options
  if (kubeconfig !== undefined) return await liveSource(kubeconfig, vulnerabilities)
  process.exitCode = exitCodes.usage
  if (fromFiles === undefined) {
    logError('no cluster is given', noSource)
    return undefined
  }
  const source = await filesSource(fromFiles)
  if (source) process.exitCode = exitCodes.done
  return source
}
