/** Pods as a cluster has them, for the lab's API server. */
import type { NewObject } from '@bulwark/tools'

/** The object of a pod of the Deployment `web`, on the node `node-a`. */
export const webPod = (
  name: string,
  uid: string,
  spec: object = {},
  metadata: object = {},
): NewObject => ({
  metadata: {
    name,
    namespace: 'shop',
    uid,
    labels: { app: 'web', 'pod-template-hash': 'abc' },
    ownerReferences: [{ kind: 'ReplicaSet', name: 'web-abc', controller: true }],
    ...metadata,
  },
  spec: {
    nodeName: 'node-a',
    serviceAccountName: 'web-account',
    initContainers: [
      { name: 'setup', image: 'setup' },
      { name: 'mesh', image: 'mesh', restartPolicy: 'Always' },
    ],
    containers: [{ name: 'app', image: 'app:1' }],
    ...spec,
  },
})
