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
  /** Principals whose rights are kept until a role or a binding changes. */
  powersMax: 50_000,
  /** Of the text of a policy for admission, where words of pods are looked for. */
  guardCharsMax: 256 * 1024,
  /** Texts and parts of pods that are shared; when full, sharing starts again from none. */
  sharedTextsMax: 500_000,
  sharedPartsMax: 50_000,
  /** Verdicts between classes of pods that are kept; when full, all are forgotten. */
  networkVerdictsMax: 2_000_000,
  /** Edges that one question looks at; what lies beyond is told as not looked at. */
  exploredEdgesMax: 5_000_000,
  /** Sorts of pods with one spec that a search goes through as one; pods of further ones it goes
   * through one by one. */
  replicasOfSpecMax: 64,
  /** Rows in which a blast radius is drawn, and names in one: more boxes say less. */
  reachedWaysMax: 80,
  reachedOfWayMax: 6,
  /** Paths that one question gives, and parts of paths that are tried for them. */
  pathsMax: 1_000,
  partialPathsMax: 200_000,
  /** Ways in which one path may hold, by the reasons of its edges; further reasons stay uncut. */
  pathVariantsMax: 256,
  /** Choices that are tried for the smallest set of fixes before a good one must do. */
  fixChoicesMax: 100_000,
  /** What an identity leads to is searched this far, in steps and in edges: more than a handful of
   * steps is no way to judge an alert by, and the edges are what a judgement may take. */
  powerStepsMax: 6,
  powerEdgesMax: 2_000,
  /** Pods up to which a judgement looks at ways over each of them; in a larger cluster over those
   * that have rights or a way to their node, and over so many of these. */
  powerReachPodsMax: 500,
  landingsMax: 256,
  /** Whether a class of pods reaches another is asked so often for one judgement. */
  powerVerdictsMax: 1_000,
  /** Identities whose power is kept until an object changes. */
  powersKeptMax: 20_000,
  /** Alerts that count as one chain: how far apart, and how many of each sort are told. */
  relatedAlertsMs: 300_000,
  relatedAlertsMax: 16,
  /** By how much an alert may seem to be before the connection that led to it. */
  clockSkewMs: 5_000,
  /** Connections, one behind the other, over which a pod is as open as another. */
  chainStepsMax: 4,
  /** Alerts that are kept to be joined: in all, each with its context of some 20 KB; of a pod; and
   * of a rule in it, so that one that comes again and again drives no other out. */
  openAlertsMax: 2_000,
  alertsOfPodMax: 32,
  alertsOfRuleMax: 4,
  /** Alerts that one is joined with by connections, in each direction. */
  connectedAlertsMax: 32,
  /** Alerts that are judged anew because of one: a node's pods have no more. */
  checkedAlertsMax: 2_000,
  /** How long an image is new: what is usual in it is learned so long. */
  learningMs: 3_600_000,
  /** Nodes that were taken over, those last seen, and pods of each from which they were. */
  takenNodesMax: 1_000,
  nodeEscapesMax: 8,
  /** Names of each kind that are told of what a node has; all are counted. */
  lostNamesMax: 100,
  /** Facts that are told of why policies let a connection through, and of how open a pod is. */
  connectionFactsMax: 4,
  /** SeverityPolicies of a cluster: people write a handful, and all are read at each change. */
  severityPoliciesMax: 64,
} as const

/** Of what is read and kept of images, packages and vulnerabilities. */
export const cveLimits = {
  /** Of a document that is parsed as one JSON value. A report of 50,000 findings has 60 MB. */
  documentCharsMax: 268_435_456,
  /** Objects of one list of reports. */
  reportsMax: 20_000,
  /** Findings of one report; the worst public images have 5,000. */
  findingsMax: 20_000,
  /** Packages of one report; a large application with its lock files has 10,000. */
  packagesMax: 50_000,
  /** Files of one package; texlive's largest has 12,000. */
  filesMax: 16_384,
  /** Statements of one VEX document, and products of one statement. */
  statementsMax: 50_000,
  productsMax: 10_000,
  /** Depth of CSAF's product tree. */
  productDepthMax: 16,
  /** Rows of the EPSS and KEV lists; EPSS had 300,000 in 2026. */
  epssRowsMax: 2_000_000,
  kevRowsMax: 50_000,
  /** Digests and names of one image, aliases of one vulnerability. */
  identitiesMax: 64,
  /** Longest text that is kept, by what it is. */
  idCharsMax: 128,
  nameCharsMax: 512,
  versionCharsMax: 256,
  pathCharsMax: 4096,
  sentenceCharsMax: 1024,
  /** What is told of one document; more is counted. */
  diagnosticsMax: 100,
  /** Reports kept at once: one a workload and container. */
  storedReportsMax: 200_000,
  /** Vulnerabilities and packages that are kept once; when full, sharing starts again from none. */
  sharedFactsMax: 500_000,
  /** Of one vulnerability, what different reports say of it; of more the newest are shared. */
  sharedVersionsMax: 64,
  /** Vectors of CVSS that are kept read; when full, keeping starts again from none. */
  keptVectorsMax: 10_000,
  /** Images whose vulnerabilities are kept joined: with 200 each that is 30 KiB an image. */
  keptAnswersMax: 4096,
  /** Images of which it is kept what ran in them, and distinct files of each. */
  usedImagesMax: 20_000,
  usedFilesMax: 4096,
  /** Containers of an image that are watched, and nodes that tell. */
  usageWatchesMax: 10_000,
  usageNodesMax: 10_000,
  /** Containers whose image is looked for: their pods come with the next look at the cluster. */
  unplacedMax: 1_000,
  /** How long an image is watched before a package counts as unseen, milliseconds: programs load
   * most of what they use while they start, and a little later what their first requests need. */
  unseenAfterMs: 600_000,
  /** How long a node must have been heard of before that: all agents have told what they know by
   * then, who tell something once a minute, and half a minute later after a failure. */
  usageSettleMs: 180_000,
} as const
