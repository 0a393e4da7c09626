/**
 * Every bound of the graph, with its reason. What goes over one is counted, and told where the
 * object or the question is told.
 */
export const limits = {
  /** A name or namespace: Kubernetes' own bound is 253; user and group names may be longer. */
  nameCharsMax: 512,
  /** A path, image, address or annotation that is kept. */
  textCharsMax: 4_096,
  /** Labels of an object. An object of etcd's 1.5 MiB could have tens of thousands. */
  labelsMax: 1_024,
  /** Items of any list in an object that is read: rules, subjects, containers, volumes. */
  itemsMax: 10_000,
  /** Faults that are kept of one object; further ones are counted. */
  diagnosticsPerObjectMax: 16,
  /** Faults that are kept of all objects; further ones are counted. */
  diagnosticsMax: 10_000,
  /** Kinds and versions that nothing reads, each with its count. */
  unreadKindsMax: 1_000,
  /** Texts and parts of pods that are shared; when full, sharing starts again from none. */
  sharedTextsMax: 500_000,
  sharedPartsMax: 50_000,
} as const
