/**
 * Every bound of the agent, in one place, each with its reason. What goes over a bound is counted
 * (`counters.ts`), never dropped in silence.
 */
export const limits = {
  /** The ring between kernel and agent. 8 MiB hold 20,000 to 40,000 events: half a second of a
   * busy node. A power of two of pages. */
  ringBytes: 8 * 1024 * 1024,
  /** What a reader of rings can map, and a typo should not reserve. */
  ringBytesMax: 512 * 1024 * 1024,
  /** Records handed over before the event loop gets its turn. */
  drainRecordsMax: 4096,
  /** Wake-ups in a stretch of time, milliseconds: twice as many as looks would be instead. More
   * would slow down what is watched. */
  bellWindowMs: 100,
  bellsPerWindowMax: 200,
  /** When there were more, the pause between looks at the ring, milliseconds. */
  pollMs: 1,
  /** How often everything is looked at that nothing tells of, milliseconds: the ring for records
   * that ring no bell, the counters of the kernel side, the clock, the host's passwd. */
  beatMs: 1_000,
  /** What an alert takes is gone through at every so many beats: a quarter of a millisecond, where
   * no cache has any of it. */
  rehearsalBeats: 4,
  /** Processes in the table. pid_max is 4 million on large nodes; 65,536 live at once are many. */
  processesMax: 65_536,
  /** Names of threads under which the answers of a process, or of those like it, are kept. */
  threadNamesMax: 8,
  /** Programs that are the same one when they are run again, and bytes of the path and arguments of
   * such a one; and programs with their ancestors whose answers are kept: a power of two. */
  programsKeptMax: 1_024,
  programKeptBytesMax: 512,
  ancestriesKeptMax: 2_048,
  /** Files whose answers to rules are kept, by path, and bytes of such a path. */
  filesKeptMax: 1_024,
  fileKeptBytesMax: 128,
  /** cgroups in the table: ten for each of 6,000 containers. */
  cgroupsMax: 65_536,
  /** How long a removed cgroup is remembered, nanoseconds: an answer about its container, or a
   * record that was filled before, may come late. */
  cgroupKeptNs: 30_000_000_000,
  /** Containers whose image and pod are remembered. */
  containersMax: 16_384,
  /** Sets of scopes that containers are in, and of rules that are compiled for them: one for each
   * of the pods of a node, where each is another one. What comes again is made again. */
  scopeClassesMax: 1024,
  scopedRuleSetsMax: 4096,
  /** How often filters are made anew for containers in scopes together that none was in before,
   * milliseconds: making them takes up to a second; and how long they wait at least, for the other
   * pods of a deployment. */
  newClassesMs: 5_000,
  newClassesMsMin: 50,
  /** How long filters wait that found no room in the kernel, milliseconds: doubled each time. To
   * make them takes up to seconds where rules are many. */
  filterPauseMsMin: 1_000,
  filterPauseMsMax: 60_000,
  /** How often a container's metadata is looked for, and the pause between, nanoseconds: the
   * runtime writes it while it starts the container. */
  metadataTriesMax: 64,
  metadataPauseNs: 100_000_000,
  /** How often the passwd of a container is looked for before it counts as having none. */
  namesTriesMax: 16,
  /** Bytes of one metadata file (OCI config.json, state.json, passwd). */
  metadataBytesMax: 4 * 1024 * 1024,
  /** Labels of a container or pod, and characters of one: longer ones are left out. */
  labelsMax: 256,
  labelCharsMax: 2048,
  /** Mounts of a container. */
  mountsMax: 256,
  /** How long one call of the CRI socket may take, milliseconds: a busy containerd needs 0.3 s. */
  criCallMsMax: 3_000,
  /** Bytes of one answer: 500 containers with all their labels are 2 MB. */
  criAnswerBytesMax: 16 * 1024 * 1024,
  /** Characters of a runtime's own words in a line for people. */
  criMessageCharsMax: 200,
  /** How long a runtime that failed is left alone, milliseconds: doubled each time. */
  criPauseMsMin: 1_000,
  criPauseMsMax: 60_000,
  /** How often a socket that is not there is looked for, milliseconds: a few calls of stat(2). */
  criAbsentMs: 5_000,
  /** Containers that are asked for at once; over it, all that the runtime has are asked for. */
  criWantedMax: 1_024,
  /** Images whose digests are remembered. One more is asked for again. */
  criDigestsMax: 1_024,
  /** So many are asked for with one question about all. */
  criBatchMin: 8,
  /** A container that the runtime does not know: how often it is asked for, and after how many
   * milliseconds again, four times as many each time. */
  criTriesMax: 4,
  criRetryMsMin: 50,
  /** Pods of one node, which has 250, few 500; and namespaces: a large cluster has 10,000. */
  podsMax: 4_096,
  namespacesMax: 16_384,
  /** RuntimePolicies of the API server, and characters of all of them together. */
  policiesMax: 4_096,
  policyCharsMax: 16 * 1024 * 1024,
  /** Containers of one pod, and characters of its names and of an image: longer ones are none. */
  podContainersMax: 128,
  podNameCharsMax: 253,
  imageCharsMax: 2_048,
  /** How long the start of an agent waits for the first list, milliseconds. */
  apiStartMsMax: 5_000,
  /** What of that is left for pods, however long policies took. */
  apiStartMsMin: 1_000,
  /** Ancestors that a rule can see: a chain longer than this is an attack on the agent. */
  ancestorsMax: 64,
  /** Sockets whose last ends are remembered, where rules ask for that. */
  socketsMax: 16_384,
  /** Texts of flags that are kept, of each kind: programs use a few dozen combinations. */
  keptAnswersMax: 1_024,
  /** Host names that rules may compare with; how often the addresses of one may change before
   * filters in the kernel leave it to the agent, since each change makes them anew; and the pause
   * between look-ups, milliseconds. */
  hostnamesMax: 256,
  hostNameChangesMax: 4,
  resolveMsMin: 10_000,
  resolveMsMax: 320_000,
  /** First bytes of a message that rules see in `evt.buffer`: as many as Falco gives them. */
  bufferBytes: 80,
  /** Types of events that a rule names when it means them; one of more says what it is not about.
   * Falco warns of such a rule from the same number. */
  namedTypesMax: 100,
  /** Losses are told at once, and then not again for so long; the counts wait. */
  lossPauseNs: 10_000_000_000n,
  /** Events of one hook that make a loss an error, and a critical one. */
  lossErrorMin: 1_000,
  lossCriticalMin: 100_000,
  /** Events a second that a cgroup may send while there is little room in the ring, where nothing
   * else is said. */
  floodEventsPerSecond: 10_000,
  /** Parts of the ring: waiting bytes from which a flood is held back, and its events of state too;
   * and what may come at once. The last quarter is room for 200 milliseconds of forty others. */
  floodFrom: 3 / 4,
  floodStateFrom: 7 / 8,
  floodBurst: 1 / 16,
  /** Alerts of which equal ones may follow and be folded; each with its text, some KiB. One that
   * finds no room has the oldest told. */
  foldsMax: 1_024,
  /** Alerts about events that were shed, told together: one a container and hook. */
  shedAlertsMax: 16,
  /** How often the process table is compared with /proc without a loss, milliseconds. */
  sweepMs: 300_000,
  /** Processes that are read again in one go; each takes about 60 microseconds. */
  sweepReadsMax: 1_000,
  /** Alerts about lost alerts that find room in a full channel. */
  channelLossAlertsMax: 16,
  /** The pause after a delivery that failed, milliseconds: doubled each time. */
  channelPauseMsMin: 100,
  channelPauseMsMax: 30_000,
  /** How long a receiver may ask to be left alone (Retry-After), milliseconds. */
  channelAskedPauseMsMax: 300_000,
  /** How long a channel may take to let go of what it holds, milliseconds. */
  channelCloseMsMax: 1_000,
  /** How often an alert is posted that the server answers with an error of its own, or given to a
   * program that fails on it. A server that cannot be reached is tried for ever. */
  channelAnswersMax: 12,
  channelProgramTriesMax: 3,
  /** Bytes of a server's answer that are read and thrown away; past that, the connection goes. */
  channelAnswerBytesMax: 64 * 1024,
  /** Alerts that go into one write of a file or a pipe. */
  channelBatchMax: 256,
  /** Alerts that go into one request to the server of the cluster, their bytes unless one alone has
   * more, and how long it may take to judge them, milliseconds. */
  serverBatchMax: 512,
  serverBatchBytesMax: 1024 * 1024,
  serverAnswerMsMax: 30_000,
  /** What may lie unread between the agent and a program that is kept running: of a socket pair. */
  channelPipeBytes: 256 * 1024,
  /** When hooks were changed: for how long what runs in the kernel may still be of those before,
   * milliseconds. A program runs for microseconds, and may be preempted. */
  hookChangeMs: 20,
  /** Distinct files of a container that are known to run: a large image has some hundred. */
  usedFilesMax: 2_048,
  /** Of the maps of a process that are read: a JVM with 5,000 mappings has 0.5 MB. */
  mapsBytesMax: 1024 * 1024,
  /** How long maps are read for at each beat, milliseconds; each takes 20 to 500 microseconds. */
  mapsReadMsMax: 5,
  /** New programs whose maps are waited for. */
  mapsWaitingMax: 1_024,
  /** The pause between two looks at all processes, milliseconds, where something was not told. */
  mapsScanPauseMs: 60_000,
  /** How often whoever asks for files that run is told that there is nothing new, milliseconds. */
  usageReportMs: 60_000,
  /** Faults of one rule after which it is disabled. */
  ruleFaultsMax: 3,
  /** Programs of an alert's process and those above it, and arguments of each, for whoever judges
   * it in its context: a shell, what it was started by, and the service behind that. */
  subjectProgramsMax: 8,
  subjectArgumentsMax: 16,
} as const
