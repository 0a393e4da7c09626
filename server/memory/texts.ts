/** Texts of policies over a restart, as whoever brings the files keeps them. */

/** A text as it was when it was sound. */
export interface KeptText {
  readonly name: string
  readonly text: string
  /** When this text was first kept, in ISO form. */
  readonly since: string
}

/** Keeps texts for the next run. */
export interface TextKeeper {
  /** As an earlier run has kept them, or this one, by name. */
  readonly policies: readonly KeptText[]
  /** Keeps these, and no others. Never throws. */
  keep(texts: readonly Pick<KeptText, 'name' | 'text'>[]): void
}
