/** What the record of an exec says of the process, which is that program from here on. */
import {
  FILE_LOWER_LAYER,
  FILE_MEMFD,
  FILE_UPPER_LAYER,
  FILE_WRITABLE,
  RECORD_BY_THREAD,
  RECORD_OUTSIDE_ROOT,
  TEXT_LENGTH_UNKNOWN,
} from '@bulwark/schema'
import { alikeBytesMin } from './alike.ts'
import { allOf, anyOf, inverse, numberIn, someBit, textIs } from './make-plan.ts'
import type { Case } from './reading.ts'
import { always, only, unknown } from './reading.ts'
import type { ReadField, Readings } from './record-kind.ts'
import { isEmpty, numberOf, truth } from './record-kind.ts'

const bit =
  (member: string, mask: number): ReadField =>
  ({ places }) =>
    truth(someBit(places.number(member), mask))

/** 0 stands for none. */
const numberIfAny =
  (member: string): ReadField =>
  ({ places }) => {
    const at = places.number(member)
    return only(inverse(numberIn(at, [0n])), { is: 'number', at })
  }

/** Readings of fields on execs alone. */
export const execReadings: Readings = {
  'proc.exe': (of) => {
    const at = of.places.text('arguments')
    const isNone = anyOf([isEmpty(of, 'arguments'), textIs(at, 'starts', ['\0'])])
    return only(inverse(isNone), { is: 'first', at })
  },
  'proc.exepath': (of) => {
    const at = of.places.text('exe_path')
    return only(inverse(isEmpty(of, 'exe_path')), { is: 'text', at, isPath: true })
  },
  'proc.args': ({ places }) => always({ is: 'joined', at: places.text('arguments') }),
  'proc.cmdline': ({ places }) =>
    always({ is: 'joined', at: places.text('arguments'), name: places.text('comm') }),
  'proc.tty': numberOf('tty'),
  'proc.sid': numberOf('sid'),
  'proc.pgid': numberOf('pgid'),
  'proc.vpgid': numberOf('vpgid'),
  'proc.exe_ino': numberIfAny('exe.inode'),
  'proc.exe_ino.ctime': numberIfAny('exe_ctime_ns'),
  'proc.exe_ino.mtime': numberIfAny('exe_mtime_ns'),
  'proc.is_exe_writable': bit('exe.file_flags', FILE_WRITABLE),
  'proc.is_exe_upper_layer': bit('exe.file_flags', FILE_UPPER_LAYER),
  'proc.is_exe_lower_layer': bit('exe.file_flags', FILE_LOWER_LAYER),
  'proc.is_exe_from_memfd': bit('exe.file_flags', FILE_MEMFD),
  'proc.is_exec_by_thread': bit('flags', RECORD_BY_THREAD),
  'proc.is_cwd_outside_root': bit('flags', RECORD_OUTSIDE_ROOT),
}

const lengthUnknown = BigInt(TEXT_LENGTH_UNKNOWN)

/** `proc.env`: of all, or of one variable, which is empty where its name is nowhere. */
export const environmentReading =
  (argument: number | string | undefined): ReadField =>
  ({ places }) => {
    const at = places.text('environment')
    const isLacking = numberIn(places.trueBytes('environment'), [lengthUnknown])
    const isTold = inverse(isLacking)
    const lacking: Case = {
      when: isLacking,
      value: unknown('an environment that the kernel has not told'),
      isLack: true,
    }
    if (typeof argument !== 'string') {
      return [{ when: isTold, value: { is: 'listed', at } }, lacking]
    }
    const value = unknown('what a variable of the environment is')
    const begin = `${argument}=`
    if (begin.length < alikeBytesMin) return [{ when: isTold, value }, lacking]
    const isThere = textIs(at, 'resembles', [begin])
    return [
      { when: allOf([isTold, isThere]), value },
      { when: allOf([isTold, inverse(isThere)]), value: { is: 'constant', value: '' } },
      lacking,
    ]
  }
