/** An API server for tests, and who may ask it. */
export type { Certificates } from './certificates.ts'
export { makeCertificates } from './certificates.ts'
export { structuralFaults, validationFaults } from './openapi.ts'
export { kubeconfigText } from './kubeconfig.ts'
export type { ApiServerOptions, Faults } from './server.ts'
export { ApiServer } from './server.ts'
export type { Json, KubeObject, NewObject, Resource } from './store.ts'
