/** "Did you mean": the nearest of some names, for messages. Pure. */

/** Insertions, deletions, changes and swaps of neighbours that turn `a` into `b`. */
const distance = (a: string, b: string): number => {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)]
  const cell = (i: number, j: number): number => rows[i]?.[j] ?? Infinity
  for (let i = 1; i <= a.length; i++) {
    rows.push([i])
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1
      let best = Math.min(cell(i - 1, j) + 1, cell(i, j - 1) + 1, cell(i - 1, j - 1) + same)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, cell(i - 2, j - 2) + 1)
      }
      rows[i]?.push(best)
    }
  }
  return cell(a.length, b.length)
}

/** The name nearest to `wanted`, when it is near: a third of its length at the most. */
export const closest = (wanted: string, names: readonly string[]): string | undefined => {
  let best: string | undefined
  let bestDistance = Math.floor(wanted.length / 3) + 1
  for (const name of names) {
    if (Math.abs(name.length - wanted.length) >= bestDistance) continue
    const far = distance(wanted, name)
    if (far < bestDistance) {
      best = name
      bestDistance = far
    }
  }
  return best
}
