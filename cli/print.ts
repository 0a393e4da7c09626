/**
 * Text for people. Parts of it are from strangers: names in files, of objects of a cluster, of
 * folders. What a terminal would obey is written out, wherever it is from.
 */

/** Controls, and what turns the direction of text: a terminal or a reader could be led astray. */
const harmful = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

/** The same, but for what makes lines and columns. */
const harmfulInLines =
  /(?![\n\t])[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

const writtenOut = (each: string): string =>
  `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`

/** A line with what could harm written out. */
export const harmless = (line: string): string => line.replace(harmful, writtenOut)

/** Lines with what could harm written out; JSON means the same. */
export const harmlessLines = (text: string): string => text.replace(harmfulInLines, writtenOut)

/** Lines of an answer, on stdout. */
export const print = (text: string): void => {
  process.stdout.write(`${harmlessLines(text)}\n`)
}

/** Lines beside an answer, on stderr. */
export const printAside = (text: string): void => {
  process.stderr.write(`${harmlessLines(text)}\n`)
}
