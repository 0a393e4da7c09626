/**
 * Makes rule files and conditions that are nearly right: pieces of the grammars put together, and
 * then cut, doubled and spliced. The same number gives the same inputs.
 */

/** Numbers from 0 to 1 out of a seed (mulberry32). */
export const randomOf = (seed: number): (() => number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

const words = (text: string): readonly string[] => text.split('|')

const fields = words(
  'proc.name|fd.name|proc.pid|evt.type|fd.sip|fd.snet|fd.sport|evt.buffer|fd.types|proc.aname[2]|' +
    'evt.arg.flags|evt.arg[1]|evt.is_open_read|tolower(proc.name)|len(fd.name)|b64(proc.name)|' +
    'concat(proc.name,"x")|join(",",(a,"b"))|getopt(proc.args,"ab")[a]|no.field|evt.num|' +
    'proc.env[X]',
)
const operators = words(
  '=|==|!=|<|<=|>|>=|contains|icontains|startswith|endswith|glob|iglob|regex|in|intersects|' +
    'pmatch|exists|bcontains|= anyof|!= allof|startswith oneof',
)
const values = words(
  'a|"a b"|\'x\'|1|-1|0x1f|10.0.0.0/8|::1|http|true|/etc|a*|[a-z]|(a|"\\x41"|"\\q"|val(fd.name)|' +
    '(a,b)|()|("a", \'b\')|m|open|execve|99999999999999999999|é|\\|.*a{2,3}|[[:alpha:]]|""|and',
)
const joints = words(' and | or | and not |) and (| or not(|)')

const keys = words(
  'rule|macro|list|desc|condition|output|priority|items|append|override|exceptions|tags|enabled|' +
    'source|name|fields|comps|values|required_engine_version|required_plugin_versions|nosuch',
)
const scalars = words(
  "a|l|m|r|true|no|~|INFO|warning|append|replace|0.1.0|26|syscall|\"%proc.name\"|'it''s'|[a, b]|" +
    '[a, [b, c]]|{a: b}|&x [a]|*x|!!str no|"\\u00e9\\n"|in|[=, in]|[[a, b], [c, d]]|# c|""|- a',
)
const scraps = words(
  '\n|  |\n  |\n- |: |, |[|]|{|}|"|\'|#|&a |*a|!|---\n|...\n|\t|\r|%YAML 1.2\n|? || >\n    x\n|' +
    '\u0000',
)

export class Grammar {
  readonly #random: () => number

  constructor(random: () => number) {
    this.#random = random
  }

  #below(count: number): number {
    return Math.floor(this.#random() * count)
  }

  #pick(from: readonly string[]): string {
    return from[this.#below(from.length)] ?? ''
  }

  #check(): string {
    const operator = this.#pick(operators)
    const value = operator === 'exists' ? '' : this.#pick(values)
    return `${this.#pick(fields)} ${operator} ${value}`
  }

  condition(): string {
    let text = this.#check()
    for (let more = this.#below(4); more > 0; more--) text += this.#pick(joints) + this.#check()
    return text
  }

  #scalar(): string {
    return this.#random() < 0.4 ? this.condition() : this.#pick(scalars)
  }

  #item(): string {
    const rows = Array.from(
      { length: 1 + this.#below(6) },
      () => `${this.#pick(keys)}: ${this.#scalar()}`,
    )
    return `- ${rows.join('\n  ')}\n`
  }

  #rule(): string {
    const condition = `  condition: >\n    ${this.condition()}\n`
    return `- rule: r${this.#below(3)}\n  desc: d\n${condition}  output: x\n  priority: INFO\n`
  }

  ruleFile(): string {
    const items = Array.from({ length: 1 + this.#below(4) }, () =>
      this.#random() < 0.5 ? this.#rule() : this.#item(),
    )
    return items.join('')
  }

  /** Cuts, doubles or splices a text somewhere. */
  damaged(text: string): string {
    const at = this.#below(text.length + 1)
    const end = at + this.#below(12)
    switch (this.#below(4)) {
      case 0:
        return text.slice(0, at) + text.slice(end)
      case 1:
        return text.slice(0, end) + text.slice(at)
      case 2:
        return text.slice(0, at) + this.#pick(scraps) + text.slice(at)
      default:
        return text.slice(0, at) + this.#pick(values) + text.slice(at)
    }
  }

  /** Damages two texts of three, some more than once. */
  nearly(text: string): string {
    let made = text
    for (let times = this.#below(3); times > 0; times--) made = this.damaged(made)
    return made
  }
}
