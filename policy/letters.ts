/** Upper and lower case of byte strings. */
const isAscii = (text: string): boolean => !/[\x80-\xff]/.test(text)

/** ASCII letters only: bytes over 127 belong to no letter here. */
export const lowerCase = (text: string): string =>
  isAscii(text) ? text.toLowerCase() : text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
export const upperCase = (text: string): string =>
  text.replace(/[a-z]+/g, (letters) => letters.toUpperCase())
