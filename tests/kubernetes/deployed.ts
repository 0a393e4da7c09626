/** What deploy/server runs: the parts of its Deployment and Service that tests ask about. */
import { manifests } from './manifests.ts'

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string; readonly scheme: string }
}

interface Labels {
  readonly [name: string]: string
}

interface Workload {
  readonly metadata: { readonly namespace: string; readonly name: string }
  readonly spec: {
    readonly selector: { readonly matchLabels: Labels }
    readonly template: {
      readonly metadata: { readonly labels: Labels }
      readonly spec: {
        readonly serviceAccountName: string
        readonly containers: readonly {
          readonly args: readonly string[]
          readonly ports: readonly { readonly name: string; readonly containerPort: number }[]
          readonly livenessProbe: Probe
          readonly readinessProbe: Probe
          readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[]
        }[]
        readonly volumes: readonly { readonly name: string }[]
      }
    }
  }
}

interface Service {
  readonly metadata: { readonly namespace: string; readonly name: string }
  readonly spec: {
    readonly selector: Labels
    readonly ports: readonly { readonly port: number; readonly targetPort: string }[]
  }
}

const [workload, service] = manifests('server/server.yaml') as unknown as [Workload, Service]
const { template } = workload.spec
const [container] = template.spec.containers
if (!container) throw new Error('deploy/server/server.yaml has no container')

export const deployed = { workload, service, template, container }
