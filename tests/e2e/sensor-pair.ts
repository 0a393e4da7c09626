/**
 * Two sensors side by side with the same rules: one with filters in the kernel, and one that
 * records, to which the kernel delivers everything. Both must tell the same of each act.
 */
import assert from 'node:assert/strict'
import type { Container } from '@bulwark/tools'
import type { Alert, SensorOptions } from './sensor.ts'
import { Sensor } from './sensor.ts'

/** What two sensors tell alike: each takes the time itself. */
const times = /^\S+ |(?<=_(?:ts|duration_proc_start)=)\d+/g
const withoutTime = ({ rule, output }: Alert): string => `${rule}: ${output.replace(times, '')}`

export class SensorPair {
  /** Without filters, because it records. */
  readonly recorder: Sensor
  readonly #filtered: Sensor

  private constructor(recorder: Sensor, filtered: Sensor) {
    this.recorder = recorder
    this.#filtered = filtered
  }

  /** Starts both: see `Sensor.start`. */
  static async start(options: SensorOptions, folder: string): Promise<SensorPair> {
    const recorder = await Sensor.start(options, folder)
    try {
      return new SensorPair(recorder, await Sensor.start({ ...options, records: false }, folder))
    } catch (error) {
      await recorder.stop()
      throw error
    }
  }

  /**
   * Does something and returns the alerts that came of it, from the sensor with filters.
   *
   * @param bearer  a container with `bellProgram` in it
   * @param isOfAct  whether an alert is of the act; asked after it
   */
  async observe(
    bearer: Container,
    act: () => Promise<void>,
    isOfAct: (alert: Alert) => boolean,
  ): Promise<readonly Alert[]> {
    const told = await Sensor.observeBy([this.#filtered, this.recorder], bearer, act)
    const [filtered = [], all = []] = told.map((alerts) => alerts.filter(isOfAct))
    assert.deepEqual(filtered.map(withoutTime), all.map(withoutTime), 'with and without filters')
    return filtered
  }

  /** Ends both. Rejects when one does not end well, or lost events. */
  async stop(): Promise<void> {
    try {
      await this.#filtered.stop()
    } finally {
      await this.recorder.stop()
    }
  }
}

/** Whether an alert is of a container. */
export const isOf =
  ({ id }: Container) =>
  ({ output_fields: fields }: Alert): boolean =>
    fields['container.id'] === id.slice(0, 12)
