/** Text of files that somebody names. */
import { closeSync, openSync, readSync } from 'node:fs'

/** Bytes of one file of rules, policies, options or trials. The largest official one has 100 kB. */
export const textBytesMax = 16 * 1024 * 1024

const pieceBytes = 64 * 1024

/**
 * The text of a file, which may be a pipe, or a device that never ends.
 *
 * @throws Error  it cannot be read, or has more than `textBytesMax`
 */
export const readText = (path: string): string => {
  const fd = openSync(path, 'r')
  try {
    const pieces: Buffer[] = []
    for (let bytes = 0; ;) {
      const piece = Buffer.allocUnsafe(pieceBytes)
      const read = readSync(fd, piece)
      if (read === 0) return Buffer.concat(pieces).toString('utf8')
      bytes += read
      if (bytes > textBytesMax) throw new Error(`it has more than ${textBytesMax} bytes`)
      pieces.push(piece.subarray(0, read))
    }
  } finally {
    closeSync(fd)
  }
}
