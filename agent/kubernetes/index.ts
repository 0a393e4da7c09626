/** What the API server says of pods and namespaces. */
export type { ApiAccess, Secret } from './access.ts'
export { AccessError, accessInCluster } from './access.ts'
export { accessFromKubeconfig } from './kubeconfig.ts'
export type { ApiPlace, ListWatchTimes } from './list-watch.ts'
export type { ApiAge, PodSourceOptions } from './source.ts'
export { PodSource } from './source.ts'
