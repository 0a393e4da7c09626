/** Fields that tell what kind of thing an event is: by its type alone, or by its descriptor. */
import {
  descriptorCategory,
  eventCategory,
  readingTypes,
  waitingTypes,
  writingTypes,
} from '@bulwark/schema'
import { allOf, inverse } from './make-plan.ts'
import type { Possible } from './reading.ts'
import { always, changed, constantly, only, unknown } from './reading.ts'
import { hasSomeType, typeReading } from './record-files.ts'
import type { ReadField, Readings, RecordKind } from './record-kind.ts'
import { where } from './record-kind.ts'

const category: ReadField = (of) => {
  const found = eventCategory(of.type)
  if (found !== 'io') return constantly(found)
  const known = typeReading(of).map((each) => {
    const type = each.value.is === 'constant' ? String(each.value.value) : ''
    const value: Possible = { is: 'constant', value: descriptorCategory(type) }
    return changed(each, value)
  })
  const rest: Possible = { is: 'constant', value: 'unknown' }
  return [...known, ...only(inverse(hasSomeType(of)), rest)]
}

const reads = ({ type }: RecordKind): boolean => readingTypes.has(type)
const writes = ({ type }: RecordKind): boolean => writingTypes.has(type)

const flag =
  (test: (of: RecordKind) => boolean): ReadField =>
  (of) =>
    constantly(test(of))

const bytesMoved =
  (test: (of: RecordKind) => boolean): ReadField =>
  (of) =>
    (reads(of) || writes(of)) && test(of)
      ? only(allOf([of.done, hasSomeType(of)]), {
          is: 'number',
          at: of.places.number('result'),
          isRounded: true,
        })
      : []

export const factReadings: Readings = {
  'evt.dir': () => constantly('<'),
  'evt.source': () => constantly('syscall'),
  'evt.is_async': () => constantly(false),
  'evt.type': ({ type }) => constantly(type),
  'syscall.type': ({ type, isSyscall }) => where(isSyscall, constantly(type)),
  'evt.category': category,
  'evt.is_io': flag((of) => reads(of) || writes(of)),
  'evt.is_io_read': flag(reads),
  'evt.is_io_write': flag(writes),
  'evt.io_dir': (of) => (writes(of) ? constantly('write') : reads(of) ? constantly('read') : []),
  'evt.is_wait': flag(({ type }) => waitingTypes.has(type)),
  'evt.buflen': bytesMoved(() => true),
  'evt.buflen.in': bytesMoved(reads),
  'evt.buflen.out': bytesMoved(writes),
  'evt.count': () => constantly(1),
  'evt.hostname': () => always(unknown('the name of the node')),
}
