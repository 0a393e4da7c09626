/** Why something failed, in words. */

/**
 * The words of whatever was thrown.
 *
 * @param named  a path that is named beside them: the system's words end with it, and would have it
 *   there twice
 */
export const reasonOf = (error: unknown, named?: string): string => {
  if (!(error instanceof Error)) return String(error)
  const { message } = error
  if (named === undefined || !('syscall' in error)) return message
  const end = `, ${String(error.syscall)} '${named}'`
  return message.endsWith(end) ? message.slice(0, -end.length) : message
}
