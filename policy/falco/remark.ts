/** Remarks on conditions, and how one of them ends a check. */

/** What a check finds in a condition: a fault, or something that is allowed and odd. */
export interface Remark {
  /** Our own code, such as `unknown-field`; the loader maps it to Falco's. */
  readonly code: string
  /** Falco's text, where it has one: its users' scripts look for it. */
  readonly message: string
  /** Offset in the bytes of the condition; after macros were put in, of the macro's. */
  readonly at: number
  readonly help?: string | undefined
}

/** Ends a check. Caught where the check began. */
export class CheckFault extends Error {
  readonly remark: Remark

  constructor(remark: Remark) {
    super(remark.message)
    // The engine's messages end at the first NUL.
    const [message = ''] = remark.message.split('\0', 1)
    this.remark = { ...remark, message }
  }
}
