/**
 * Byte strings: text as one UTF-16 code unit, 0 to 255, a byte. What the kernel gives is bytes;
 * in this form they can be compared, cut and measured as the rule language means it. Pure.
 */

const ascii = /^[\x00-\x7f]*$/

/** Bytes that become arguments of one call. */
const chunkBytes = 8192

/** The UTF-8 bytes of a text. */
export const byteString = (text: string): string => {
  if (ascii.test(text)) return text
  const bytes = new TextEncoder().encode(text)
  let result = ''
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    result += String.fromCharCode(...bytes.subarray(at, at + chunkBytes))
  }
  return result
}

/** The text that the bytes are in UTF-8; what is no UTF-8 becomes U+FFFD. */
export const printableText = (bytes: string): string => {
  if (ascii.test(bytes)) return bytes
  const data = Uint8Array.from(bytes, (byte) => byte.charCodeAt(0))
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(data)
}
