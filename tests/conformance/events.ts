/**
 * Field values of the events that some cases speak of by name only: what the engine's own tests
 * put into those events. Text is a byte string. Several values of one field stand for the both
 * ends of a connection, or for the ancestors, nearest first.
 */
import { parseLiteral } from '@bulwark/policy'
import { byteString } from '@bulwark/schema'
import type { FieldValue, IpAddress, Scalar } from '@bulwark/schema'
import type { CaseField } from './cases.ts'
import { typeOfCase } from './catalog.ts'

export type CaseEvent = Readonly<Record<string, FieldValue>>

const server4 = 0x8efb6f93 // 142.251.111.147
const client4 = 0xac286fde // 172.40.111.222
const server6 = 0x20014860486000000000000000008888n
const client6 = 1n

const connection = (client: number | bigint, server: number | bigint): CaseEvent => ({
  'fd.ip': [client, server],
  'fd.net': [client, server],
  'fd.sip': server,
  'fd.lip': server,
  'fd.cip': client,
  'fd.rip': client,
})

const getcwd: CaseEvent = {
  'evt.type': 'getcwd',
  'syscall.type': 'getcwd',
  'evt.source': 'syscall',
  'evt.args': 'res=0 path=/test/dir',
  'evt.arg.res': '0',
  'evt.arg[1]': '/test/dir',
  'evt.arg.ret': '4',
  'evt.arg.reaper_tid': '2',
}

const oddPath = '/p\xff/q\xff'

/** By the name of the engine's test. */
export const events: Readonly<Record<string, CaseEvent>> = {
  basename_transformer: { 'fd.name': '/tmp/file_to_run' },
  len_transformer: {
    'fd.types': ['file'],
    'fd.name': '/tmp/file_to_run',
    'evt.arg.data': '\x01\x02\x03\x04\x05\x06',
  },
  net_ipv4_compare: connection(client4, server4),
  net_modifier_ip_compare: connection(client4, server4),
  net_ipv6_compare: connection(client6, server6),
  bytebuf_bcontains_bstartswith: { 'evt.buffer': 'hello' },
  bytebuf_matches_nul: { 'evt.buffer': 'a\0b' },
  contains_icontains: {
    'evt.arg.flags': 'O_RDONLY|O_CREAT',
    'fd.name': '/tmp/subdir/dir',
  },
  signed_int_compare: { 'evt.cpu': 1, 'evt.rawarg.res': -2, 'fd.num': -1 },
  fd_fields_invalid_utf8_match: {
    'fd.name': oddPath,
    'fd.directory': '/p\xff',
    'fd.filename': 'q\xff',
    'fs.path.name': oddPath,
    'evt.arg.name': oddPath,
  },
  proc_fields_invalid_utf8_match: { 'proc.name': 'bad\xff', 'proc.exe': '/bin/bad\xff' },
  fspath_fields_invalid_utf8_match: { 'fs.path.source': 'a\xff', 'fs.path.target': 'b\xff' },
  evt_abspath_invalid_utf8_match: { 'evt.abspath': '/tmp/a\xff' },
  proc_cwd_invalid_utf8_match: { 'proc.cwd': '/tmp/c\xff/' },
  PROC_FILTER_aname: { 'proc.aname': ['bash', 'init'] },
  EVT_FILTER_data_buffer_str: { 'evt.arg.data': 'gigi' },
  EVT_FILTER_rawarg_madness: {
    'evt.rawarg.size': 512,
    'evt.rawarg.flags': 255,
    'evt.rawarg.uid': 0,
    'evt.rawarg.gid': 0,
    'evt.rawarg.pgid': 0,
  },
  filter_simple_evaluation: getcwd,
  filter_val_transformer: getcwd,
  filter_transformers_combination: getcwd,
  filter_cache_disabled: getcwd,
  filter_cache_enabled: getcwd,
  filter_cache_corner_cases: { ...getcwd, 'sample.is_open': 0 },
  filter_cache_pointer_instability: getcwd,
  filter_cache_unary_check_plugin_ptr_instability: {
    'sample.proc_name': 'init',
    'sample.tick': 'false',
  },
  filter_regex_operator_evaluation: getcwd,
  filter_str_op_modifier_evaluation: getcwd,
}

/** Two events of one test that differ. */
export const eventsById: Readonly<Record<string, CaseEvent>> = {
  'eval-0396': { 'fd.types': ['file', 'ipv4'] },
}

/** An address of a case. A literal of the language has a dot in IPv4 only. */
const addressOf = (text: string): IpAddress => {
  const groups = text.replace(/:(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...quads) => {
    const [a = 0, b = 0, c = 0, d = 0] = quads.slice(0, 4).map(Number)
    return `:${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`
  })
  const read = parseLiteral(groups, 'ip', '=')
  if (!read.ok) throw new Error(read.message)
  return read.value as IpAddress
}

/** A value of a case. Text is UTF-8; bytes are one character each. */
const scalarOf = (type: string, value: unknown): Scalar => {
  switch (typeOfCase(type)) {
    case 'string':
    case 'path':
      return byteString(String(value))
    case 'bytes':
      return String(value)
    case 'ip':
    case 'net':
      return typeof value === 'string' ? addressOf(value) : (value as IpAddress)
    case 'bool':
      return value === true || value === 'true' || value === 1
    case undefined:
      return value as Scalar
    default: {
      const number = BigInt(value as string | number)
      return Number.isSafeInteger(Number(number)) ? Number(number) : number
    }
  }
}

/** The value that a case gives a field; absent where it is null. */
export const valueOfCase = ({ type, value }: CaseField): FieldValue => {
  if (value === null || value === undefined) return undefined
  return Array.isArray(value) ? value.map((each) => scalarOf(type, each)) : scalarOf(type, value)
}
