/** Contexts, alerts and findings written in short, for tests. */
import { parse } from 'yaml'
import type { KnownLabels } from '@bulwark/schema'
import { readVector } from '../../cves/identifiers.ts'
import type { Finding } from '../../cves/store.ts'
import { isRemoving } from '../../cves/store.ts'
import type { CveSeverity, VexStatus } from '../../cves/report.ts'
import type { PackageUse } from '../../cves/usage.ts'
import { weightOf } from '../../cves/weight.ts'
import type { ObjectRef } from '../../diagnostics.ts'
import type { Fact } from '../../edges.ts'
import type { AlertFacts, ContainerCves, PodContext, WeighedFinding } from '../context.ts'
import { plainAlert, unknownContext } from '../context.ts'

type Short = Readonly<Record<string, unknown>>

const textOf = (value: unknown): string | undefined =>
  value instanceof Date ? value.toISOString() : typeof value === 'string' ? value : undefined

const refOf = (text: string): ObjectRef => {
  const [kind = '', names = ''] = text.split(' ')
  const [namespace = '', name = ''] = names.includes('/') ? names.split('/') : ['', names]
  return { kind, namespace, name }
}

/** `text @ Kind ns/name path`. */
export const factOf = (text: string): Fact => {
  const [said = '', from = ''] = text.split(' @ ')
  const [kind = '', names = '', path = ''] = from.split(' ')
  return { text: said, object: refOf(`${kind} ${names}`), path }
}

const factsOf = (value: unknown): readonly Fact[] =>
  ((value ?? []) as readonly string[]).map(factOf)

const labelsOf = (value: unknown): KnownLabels | undefined =>
  value === undefined
    ? undefined
    : {
        labels: Object.entries(value as Record<string, string>).toSorted(([a], [b]) =>
          a < b ? -1 : 1,
        ),
        isWhole: true,
      }

/** `CVE-1 in openssl 3.0 critical open kev epss=0.2 loaded vex=fixed fixed-in=3.1`. */
const findingOf = (text: string): WeighedFinding => {
  const [id = '', , name = '', version = '', severity = '', ...words] = text.split(' ')
  const word = (key: string): string | undefined =>
    words.find((each) => each.startsWith(`${key}=`))?.slice(key.length + 1)
  const epss = word('epss')
  const vex = word('vex')
  const vector = words.includes('open') ? 'CVSS:3.1/AV:N/PR:N/UI:N' : 'CVSS:3.1/AV:L/PR:L/UI:N'
  const finding: Finding = {
    id,
    aliases: [],
    package: { name, version, kind: 'os', purl: undefined, places: { files: [], folders: [] } },
    severity: severity as CveSeverity,
    score: undefined,
    vector: readVector(vector),
    fixedIn: word('fixed-in'),
    epss: epss === undefined ? undefined : Number(epss),
    kev: words.includes('kev')
      ? { ransomware: words.includes('ransomware'), added: '' }
      : undefined,
    vex:
      vex === undefined
        ? undefined
        : {
            status: vex as VexStatus,
            justification: word('because'),
            statement: undefined,
            source: 'shop.openvex.json',
            timeMs: undefined,
          },
    sources: ['VulnerabilityReport shop/web'],
  }
  const uses: readonly PackageUse[] = ['owns-executable', 'loaded', 'built-in', 'unseen']
  const use = uses.find((each) => words.includes(each)) ?? 'unknown'
  return { finding, use, weight: weightOf(finding, { use }) }
}

const imageOf = (short: Short): ContainerCves => {
  const all = ((short['findings'] ?? []) as readonly string[]).map(findingOf)
  return {
    container: textOf(short['container']) ?? 'web',
    scannedMs:
      short['scanned'] === undefined ? undefined : Date.parse(textOf(short['scanned']) ?? ''),
    isReported: short['reported'] !== false,
    endOfLife: short['endOfLife'] === true,
    findings: all.filter(({ finding }) => !isRemoving(finding.vex)),
    removed: all.filter(({ finding }) => isRemoving(finding.vex)),
  }
}

/** The short form of a part is the part itself, but for its facts, and lists of them. */
const withFacts = (short: Short): Short => ({ ...short, facts: factsOf(short['facts']) })

const part = (value: unknown): unknown =>
  value === undefined ? undefined : withFacts(value as Short)

/** A context of its short form; what is left out is not known. */
export const contextOf = (short: Short): PodContext => {
  const images = short['cves'] as readonly Short[] | undefined
  const escapes = short['escapes'] as readonly Short[] | undefined
  const identity = part(short['identity']) as PodContext['identity'] & Short
  const account = textOf((short['identity'] as Short | undefined)?.['account'])
  return {
    ...unknownContext(refOf(textOf(short['pod']) ?? 'Pod shop/web-1')),
    namespaceLabels: labelsOf(short['namespaceLabels']),
    podLabels: labelsOf(short['podLabels']),
    exposure: part(short['exposure']) as PodContext['exposure'],
    identity: identity && {
      ...identity,
      serviceAccount: account === undefined ? undefined : refOf(account),
    },
    escapes: escapes?.map(withFacts) as PodContext['escapes'],
    cves: images?.map(imageOf),
    posture: part(short['posture']) as PodContext['posture'],
    secrets: short['secrets'] === undefined ? undefined : factsOf(short['secrets']),
    neighbours: short['neighbours'] === undefined ? undefined : factsOf(short['neighbours']),
    path: short['path'] as PodContext['path'],
    notLookedAt: (short['notLookedAt'] ?? []) as readonly string[],
  }
}

/** An alert of its short form. */
export const alertOf = (short: Short): AlertFacts =>
  plainAlert({
    rule: 'Terminal shell in container',
    priority: 'Notice',
    tags: [],
    container: 'web',
    ...short,
    timeMs: Date.parse(textOf(short['time']) ?? '2026-11-26T12:00:00Z'),
    related: factsOf(short['related']),
    nodeTaken: factsOf(short['nodeTaken']),
    authorised: factsOf(short['authorised']),
  })

/** Documents of a case. */
export interface ShortCase {
  readonly alert: Short
  readonly context: Short
  readonly policy: unknown
}

export const caseOf = (text: string): ShortCase => {
  const { alert, context, policy } = parse(text) as Record<string, Short | undefined>
  return { alert: alert ?? {}, context: context ?? {}, policy }
}
