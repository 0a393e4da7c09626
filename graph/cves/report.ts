/**
 * What documents about images say, in one shape for all their forms. Nothing of it is interned or
 * joined yet: that is the store's (`store.ts`).
 */
import type { EpssList } from './epss-table.ts'
import type { CveDiagnostic } from './reader.ts'

/** The most severe first. */
export const cveSeverities = ['critical', 'high', 'medium', 'low', 'negligible', 'unknown'] as const
export type CveSeverity = (typeof cveSeverities)[number]

/** Forms of documents, each told by what is in it and not by its name. */
export type DocumentForm =
  | 'trivy-operator'
  | 'trivy-operator-sbom'
  | 'trivy'
  | 'grype'
  | 'cyclonedx'
  | 'spdx'
  | 'openvex'
  | 'csaf'
  | 'epss'
  | 'kev'

/** An image by its digests: of the manifest, of the index, of the configuration. */
export interface ImageIdentity {
  /** For people; an image is never found by them. */
  readonly names: readonly string[]
  /** `sha256:` and 64 digits. */
  readonly digests: readonly string[]
}

/** How the files of a package come to run. */
export type PackageKind = 'os' | 'jar' | 'python' | 'node' | 'ruby' | 'static-binary' | 'other'

/** Where a package lies in its image, as the sensor sees paths: absolute, `/usr` merged. */
export interface PackagePlaces {
  readonly files: readonly string[]
  /** Each ends with a slash: all below it belongs to the package. */
  readonly folders: readonly string[]
}

export interface PackageFacts {
  readonly name: string
  readonly version: string
  readonly kind: PackageKind
  /** Package URL, as the document has it. */
  readonly purl: string | undefined
  readonly places: PackagePlaces
}

/** CVSS metrics that say how far away an attacker may be. */
export interface AttackVector {
  readonly reach: 'network' | 'adjacent' | 'local' | 'physical'
  /** An account is needed. */
  readonly needsPrivileges: boolean
  /** Somebody else must do something. */
  readonly needsUser: boolean
  /** It may change something: it does more than read, or stop a program. */
  readonly mayChange: boolean
}

/** What is told of a vulnerability whatever image it is in. */
export interface VulnerabilityFacts {
  /** The CVE's id where it has one. */
  readonly id: string
  readonly aliases: readonly string[]
  readonly severity: CveSeverity
  /** CVSS base score, 0 to 10. */
  readonly score: number | undefined
  readonly vector: AttackVector | undefined
  /** From the report itself; lists that are loaded count more. */
  readonly epss: number | undefined
  readonly kev: KnownExploited | undefined
}

/** Listed as exploited. */
export interface KnownExploited {
  readonly ransomware: boolean
  /** `2026-01-31`; empty: not told. */
  readonly added: string
}

/** A vulnerability in a package of an image. */
export interface ReportedFinding {
  readonly vulnerability: VulnerabilityFacts
  /** Position in the report's packages. */
  readonly package: number
  readonly fixedIn: string | undefined
  /** What the same document says of it beside that it is there. */
  readonly vex: VexClaim | undefined
}

export const vexStatuses = ['not_affected', 'fixed', 'under_investigation', 'affected'] as const
export type VexStatus = (typeof vexStatuses)[number]

/** What somebody says of a vulnerability in a product. */
export interface VexClaim {
  readonly status: VexStatus
  /** One of the words of VEX, such as `vulnerable_code_not_in_execute_path`. */
  readonly justification: string | undefined
  /** In words. */
  readonly statement: string | undefined
  /** Document, and its author where it is told. */
  readonly source: string
  readonly timeMs: number | undefined
}

/** What a statement is about. */
export interface VexProduct {
  /** Images. */
  readonly digests: readonly string[]
  /** Packages; none: all that the image has. */
  readonly purls: readonly string[]
}

export interface VexStatement extends VexClaim {
  readonly vulnerabilities: readonly string[]
  readonly products: readonly VexProduct[]
}

/** What a document says of one image. */
export interface ImageReport {
  readonly form: DocumentForm
  /** Of a Kubernetes object its kind, namespace and name; else of the file. */
  readonly source: string
  readonly image: ImageIdentity
  readonly scannedMs: number | undefined
  readonly packages: readonly PackageFacts[]
  readonly findings: readonly ReportedFinding[]
  /** The distribution gets no fixes any more. */
  readonly endOfLife: boolean
}

export interface KevRow extends KnownExploited {
  readonly id: string
}

/** What came of a document. */
export interface CveDocument {
  /** `undefined`: it is none of them, which `found` says. */
  readonly form: DocumentForm | undefined
  readonly reports: readonly ImageReport[]
  readonly statements: readonly VexStatement[]
  readonly epss: EpssList
  readonly kev: readonly KevRow[]
  readonly found: readonly CveDiagnostic[]
}
