/** Bounds of the server, and of clusters that are read without one, each with its reason. */
export const limits = {
  /** A file that is one document. A report of 50,000 findings has 60 MB; lists have no bound, as
   * they are read item by item. */
  documentBytesMax: 256 * 1024 * 1024,
  /** An item of a list. etcd takes objects of 1.5 MB; a report of Trivy Operator is one of them. */
  itemBytesMax: 64 * 1024 * 1024,
  /** Bytes from which a file of reports is read in a thread of its own: less takes a few
   * milliseconds; and packages or findings in a part that comes from there. */
  readAsideBytesMin: 1024 * 1024,
  partWeightMax: 1_000,
  /** Items of a list that do not say their kind, before the list has said it. */
  unnamedItemsMax: 100_000,
  /** Files of a folder. */
  filesMax: 10_000,
  /** How often a long reading says how far it is, milliseconds. */
  progressMs: 2_000,
  /** Faults of what was read that are kept; further ones are counted. */
  faultsMax: 10_000,
  /** Faults that are told one by one on a terminal. */
  toldFaultsMax: 12,
  /** Files that are named in one line about many. */
  toldFilesMax: 3,
  /** Objects of one kind of a cluster that is watched: three times the pods of the largest. */
  objectsPerKindMax: 500_000,
  /** How often it is asked which kinds an API server has, milliseconds, up to twice as long by
   * chance; and how long after it was asked at the least. Some may come, with their definitions. */
  discoverMs: 300_000,
  discoverMsMin: 10_000,
  /** How long it is left alone when it does not say, milliseconds: doubled each time. */
  discoverPauseMsMin: 500,
  discoverPauseMsMax: 30_000,
  /** How long other kinds wait for those that are not answered, milliseconds. */
  unansweredMsMax: 60_000,
  /** Lines about one kind that others repeat are told as one, after so long, milliseconds. */
  foldLinesMs: 5_000,
  /** Lines that are folded at once, and lines about discovery that are not said again. */
  foldedLinesMax: 64,
  /** Aliases of a YAML file, counted as often as they are used. */
  aliasesMax: 100,
  /** Ways that are asked for, at the most. */
  bestMax: 100,
  /** Paths that are asked of the graph, for each way: many are detours of a better one. */
  pathsPerWay: 32,
  /** Characters of a part of a question that comes over HTTP. */
  questionCharsMax: 1_024,
  /** Bytes of a request, and alerts in it. An agent sends a quarter of it at the most. */
  bodyBytesMax: 8 * 1024 * 1024,
  batchAlertsMax: 4_096,
  /** Characters of one alert as it is sent; arguments and paths of events are shorter than that. */
  alertCharsMax: 512 * 1024,
  /** Characters of names, of a rule's or tag's, of a field's, and of what an alert says. */
  nameCharsMax: 253,
  ruleCharsMax: 1_024,
  textCharsMax: 256 * 1024,
  /** Members of an alert's lists and maps. */
  tagsMax: 256,
  fieldsMax: 1_024,
  programsMax: 64,
  argumentsMax: 256,
  filesOfActMax: 64,
  /** How deep lists in fields may lie in each other. */
  fieldDepthMax: 4,
  /** Characters of the path of a file that runs: three, where each is no UTF-8. */
  usedPathCharsMax: 3 * 4_096,
  /** Alerts that wait for their judgement: a few seconds of a busy cluster. What comes on top is
   * asked to come again. */
  waitingAlertsMax: 20_000,
  /** Agents by which alerts are counted that found no room because of their own others. */
  shedAgentsMax: 1_000,
  /** Alerts that are remembered, to know those that come again; 16 bytes each, and their place. */
  rememberedAlertsMax: 200_000,
  /** Bytes of one of the two files in which they are kept for a later run, some 20,000 alerts;
   * and characters that wait to be written there. What goes over is not kept. */
  keptFileBytesMax: 32 * 1024 * 1024,
  keptPendingCharsMax: 32 * 1024 * 1024,
  /** How long an answer waits for what is written there, milliseconds. */
  keepMsMax: 2_000,
  /** How long alerts are judged before anything else gets its turn, milliseconds. */
  judgeMsMax: 20,
  /** How long whoever finds no room, or no cluster yet, is asked to wait, seconds. */
  retrySeconds: 2,
  /** How long alerts are put off because the cluster is not known yet, milliseconds: then they go
   * out without their context. */
  contextWaitMsMax: 60_000,
  /** Reasons of refused alerts that one answer has; all are counted. */
  refusedToldMax: 256,
  /** Connections, and how long one may take to send a request, milliseconds. */
  connectionsMax: 10_000,
  requestMsMax: 30_000,
  headersMsMax: 10_000,
  keepAliveMs: 65_000,
  /** How often certificate and key are looked at, milliseconds: they are renewed days before they
   * end, and two small files are read. */
  tlsLookMs: 10_000,
  /** How long what is under way is waited for when the server ends, milliseconds. */
  closeMsMax: 5_000,
  /** How long an answer about a token holds, milliseconds: yes, and no; and tokens kept. */
  tokenMsMax: 60_000,
  refusedTokenMsMax: 10_000,
  tokensMax: 10_000,
  /** Characters of a token: those of Kubernetes have 1,500. */
  tokenCharsMax: 16 * 1024,
  /** SeverityPolicies of a cluster: more than those that are kept, which tells of the others. */
  severityPoliciesMax: 256,
  severityPolicyCharsMax: 4 * 1024 * 1024,
  /** How long a start waits for them, milliseconds: alerts meanwhile would be judged without. */
  severityStartMsMax: 5_000,
} as const
