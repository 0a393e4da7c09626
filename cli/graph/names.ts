/** How strangers' names are made harmless. */

/** Controls, and what turns the direction of text: a terminal or a reader could be led astray. */
const harmful = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

/** A line with what could harm written out. */
export const harmless = (line: string): string =>
  line.replace(harmful, (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`)
