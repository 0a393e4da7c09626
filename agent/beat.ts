/**
 * The agent's beat: whatever is looked at now and again without a reason is looked at together, so
 * that an agent with nothing to do wakes up once a second.
 */
import { limits } from './limits.ts'

export interface BeatOptions {
  /** Looks at every beat, or at every so many. */
  readonly every?: number
  /** Holds the process as long as it looks. */
  readonly holds?: boolean
}

interface Look {
  readonly run: () => void
  readonly every: number
  readonly holds: boolean
  /** Beats until the next. */
  left: number
}

const looks = new Set<Look>()
let timer: NodeJS.Timeout | undefined

const beat = (): void => {
  // One that comes meanwhile has its turn with the next beat; one that went has none any more.
  for (const look of Array.from(looks)) {
    look.left--
    if (look.left > 0 || !looks.has(look)) continue
    look.left = look.every
    look.run()
  }
}

const keepTime = (): void => {
  if (looks.size === 0) {
    clearInterval(timer)
    timer = undefined
    return
  }
  timer ??= setInterval(beat, limits.beatMs)
  if (Array.from(looks).some(({ holds }) => holds)) timer.ref()
  else timer.unref()
}

/**
 * Looks at something at every beat from now on; the first time within one.
 *
 * @returns what ends it; harmless the second time
 */
export const onBeat = (
  run: () => void,
  { every = 1, holds = false }: BeatOptions = {},
): (() => void) => {
  const look: Look = { run, every, holds, left: every }
  looks.add(look)
  keepTime()
  return () => {
    looks.delete(look)
    keepTime()
  }
}
