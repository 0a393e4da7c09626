/**
 * Cases that are meant to fail, each with the reason. A case that fails and is not here fails the
 * test, and so does one that is here and passes.
 */

const nothingIsIn = '`in ()` of one value never holds; here no event is asked for it'
const modifierNarrows = '`evt.type = anyof (...)` and its like say which events they are for, here'

const all = (reason: string, ids: readonly string[]): Readonly<Record<string, string>> =>
  Object.fromEntries(ids.map((id) => [id, reason]))

export const expectedFailures: Readonly<Record<string, string>> = {
  ...all(nothingIsIn, ['compile-0053', 'compile-0054', 'compile-0055', 'compile-0056']),
  ...all(modifierNarrows, [
    'compile-0424',
    'compile-0425',
    'compile-0426',
    'compile-0427',
    'compile-0428',
    'compile-0429',
    'compile-0430',
    'compile-0431',
    'compile-0432',
    'compile-0433',
    'compile-0434',
    'compile-0435',
    'compile-0438',
    'compile-0439',
  ]),
}
