/** What makes pods of a template. */
import type { Labels } from '@bulwark/schema'
import type { Named, Reading } from './metadata.ts'
import { annotatedProfiles } from './pod.ts'
import type { PodSpec } from './podspec.ts'
import { readPodSpec } from './podspec.ts'
import type { Json } from './reader.ts'

export interface Workload extends Named {
  readonly template: { readonly labels: Labels; readonly spec: PodSpec } | undefined
}

const readTemplate = (
  from: Json | undefined,
  at: string,
  { reader, sharing }: Reading,
): Workload['template'] => {
  const template = reader.map(from, 'template', at)
  const path = `${at}.template`
  const spec = reader.map(template, 'spec', path)
  if (!spec) return undefined
  const metadata = reader.map(template, 'metadata', path)
  const annotations = reader.map(metadata, 'annotations', `${path}.metadata`)
  const profiles = annotatedProfiles(annotations)
  return {
    labels: sharing.part(reader.labels(metadata, 'labels', `${path}.metadata`)),
    spec: readPodSpec(spec, `${path}.spec`, { reader, sharing }, profiles),
  }
}

export const readWorkload = (json: Json, reading: Reading): Workload => ({
  ...reading.names,
  template: readTemplate(reading.reader.map(json, 'spec', ''), 'spec', reading),
})

/** Its template is one step deeper: it makes jobs that make pods. */
export const readCronJob = (json: Json, reading: Reading): Workload => {
  const { reader } = reading
  const outer = reader.map(reader.map(json, 'spec', ''), 'jobTemplate', 'spec')
  const spec = reader.map(outer, 'spec', 'spec.jobTemplate')
  return { ...reading.names, template: readTemplate(spec, 'spec.jobTemplate.spec', reading) }
}
