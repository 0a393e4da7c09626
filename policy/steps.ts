/** Long work in steps: between two of them, whoever takes them may do something else. */
export type Steps<T> = Generator<undefined, T, unknown>

/** Takes all of them at once. */
export const atOnce = <T>(steps: Steps<T>): T => {
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
  }
}
