/** What the transformers of conditions take and give. Messages are Falco's. */
import type { FieldSpec, FieldType } from '@bulwark/schema'
import type { FunctionName, Value } from '../ir.ts'
import { CheckFault } from './remark.ts'
import type { TransformerNode } from './syntax.ts'

/** Type and list flag of a value. */
export interface Shape {
  readonly type: FieldType
  readonly list: boolean
}

/** Names of types in Falco's messages. */
export const falcoTypeNames: Readonly<Record<FieldType, string>> = {
  bool: 'BOOL',
  i16: 'INT16',
  i32: 'INT32',
  i64: 'INT64',
  u32: 'UINT32',
  u64: 'UINT64',
  f64: 'DOUBLE',
  reltime: 'RELTIME',
  abstime: 'ABSTIME',
  port: 'PORT',
  ip: 'IPADDR',
  net: 'IPNET',
  string: 'CHARBUF',
  path: 'FSPATH',
  bytes: 'BYTEBUF',
}

/** The field that a value comes from; what comes of several has none. */
export const fieldOf = (value: Value): FieldSpec | undefined => {
  if (value.is === 'field') return value.ref.field
  const [first, second] = value.is === 'call' ? value.values : []
  return first && !second ? fieldOf(first) : undefined
}

/** Its name, for messages. */
export const nameOf = (value: Value): string => fieldOf(value)?.name ?? 'NA'

const isText = ({ type }: Shape): boolean => type === 'string' || type === 'path'

/** The shape of a transformer over one value; `undefined` when it does not take that value. */
const unaryShape = (name: FunctionName, on: Shape): Shape | undefined => {
  switch (name) {
    case 'tolower':
    case 'toupper':
    case 'basename':
      return isText(on) ? on : undefined
    case 'b64':
      return on.type === 'string' || on.type === 'bytes' ? on : undefined
    case 'len': {
      const isMeasured = on.list || isText(on) || on.type === 'bytes'
      return isMeasured ? { type: 'u64', list: false } : undefined
    }
    default:
      return undefined
  }
}

/** What is wrong with the arguments of a transformer over several values. */
const severalFault = (node: TransformerNode, values: readonly Value[]): string | undefined => {
  const [first, second] = values
  if (!first || !second) return undefined
  switch (node.name) {
    case 'join':
      if (values.length !== 2) return 'join() requires exactly 2 arguments: separator and list'
      if (first.list) return 'join() first argument (separator) must be a single value, not a list'
      return second.list ? undefined : 'join() second argument must be a list'
    case 'concat': {
      const isWrong = values.some((value) => value.list || value.type !== 'string')
      return isWrong ? 'concat() arguments must be strings' : undefined
    }
    case 'getopt':
      if (values.length !== 2) {
        return 'getopt() requires exactly 2 arguments: args list and optstring'
      }
      if (!first.list) return 'getopt() first argument must be a list'
      if (second.list) return 'getopt() second argument (optstring) must be a single value'
      if (first.type !== 'string' || second.type !== 'string') {
        return 'getopt() arguments must be strings'
      }
      if (node.argument !== undefined && node.argument.length !== 1) {
        return 'getopt() field argument must be a single option character'
      }
      return undefined
    default:
      return 'unknown multivalue transformer'
  }
}

/**
 * The type of a transformer's value.
 *
 * @throws CheckFault  it does not take these arguments
 */
export const callShape = (node: TransformerNode, values: readonly Value[]): Shape => {
  const { name, at } = node
  const fail = (message: string): never => {
    throw new CheckFault({ code: 'call', message, at })
  }
  const [first] = values
  if (!first || name === 'val') return fail(`'${name}' stands on the right side only`)
  if (values.length === 1) {
    if (node.argument !== undefined) {
      return fail(`filter error: transformer '${name}' does not support field arguments`)
    }
    if (name === 'join' || name === 'concat' || name === 'getopt') {
      return fail(`unknown field transfomer '${name}'`)
    }
    if (first.is === 'field' && !first.ref.field.transformable) {
      return fail(`field '${first.ref.field.name}' does not support transformers`)
    }
    const shape = unaryShape(name, first)
    if (shape) return { type: shape.type, list: shape.list }
    return fail(
      `can't add field transformer: type '${falcoTypeNames[first.type]}' is not supported by ` +
        `'${name}' transformer applied on ${first.list ? 'list ' : ''}field '${nameOf(first)}'`,
    )
  }
  const fault = severalFault(node, values)
  if (fault !== undefined) return fail(fault)
  if (node.argument !== undefined && name !== 'getopt') {
    return fail(`transformer '${name}' does not support field arguments`)
  }
  return { type: 'string', list: name === 'getopt' && node.argument === undefined }
}
