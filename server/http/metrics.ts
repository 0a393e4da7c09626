/** Numbers of the server in Prometheus's text format. */

/** One name with its values. */
export interface Metric {
  readonly name: string
  readonly type: 'counter' | 'gauge'
  readonly help: string
  /** With the value of its one label, where it has one. */
  readonly label?: string
  readonly values: Iterable<readonly [of: string, value: number]>
}

const escaped = (text: string): string =>
  text.replace(/[\\"\n]/g, (each) => (each === '\n' ? '\\n' : `\\${each}`))

const lineOf = ({ name, label }: Metric, of: string, value: number): string =>
  `${name}${label === undefined ? '' : `{${label}="${escaped(of)}"}`} ${value}`

export const metricsText = (metrics: readonly Metric[]): string =>
  metrics
    .flatMap((metric) => [
      `# HELP ${metric.name} ${metric.help}`,
      `# TYPE ${metric.name} ${metric.type}`,
      ...[...metric.values].map(([of, value]) => lineOf(metric, of, value)),
    ])
    .join('\n') + '\n'
