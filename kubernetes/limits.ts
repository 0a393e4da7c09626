/** Every bound of the client, in one place, each with its reason. */
export const limits = {
  /** Objects that the API server lists in one answer, where it pages; and pages in all. */
  apiPageMax: 250,
  apiPagesMax: 1_000,
  /** Objects of one answer to a command, and its bytes: such an answer is read as a whole. */
  apiShortPageMax: 25,
  apiAnswerBytesMax: 64 * 1024 * 1024,
  /** Bytes of one object: etcd takes 1.5 MB of a shorter form. */
  apiObjectBytesMax: 4 * 1024 * 1024,
  /** Bytes of lines of a watch that are kept, to see that the next says nothing else: 600 pods. */
  apiLinesKeptBytesMax: 4 * 1024 * 1024,
  /** How long a list may take, milliseconds: without a byte, as any answer to begin; and in all. */
  apiListSilentMsMax: 30_000,
  apiListMsMax: 300_000,
  /** How long a watch is asked for, seconds, up to twice as long so that not all nodes come at
   * once; and how long it may be silent, milliseconds: bookmarks come each minute. */
  apiWatchSeconds: 300,
  apiWatchSilentMsMax: 150_000,
  /** How much longer a watch may last than it was asked for, milliseconds. */
  apiWatchOverMsMax: 30_000,
  /** How long an API server that failed is left alone, milliseconds: doubled each time, and up to
   * twice as long by chance. A watch that lasted was no failure. */
  apiPauseMsMin: 500,
  apiPauseMsMax: 30_000,
  apiWatchSoundMs: 10_000,
  /** After how long an API server that does not know a resource is asked again, milliseconds. */
  apiAbsentMs: 60_000,
  /** How often it is said again that it is away, milliseconds. */
  apiSayMs: 600_000,
  /** After how long all is listed again though the watch goes on, milliseconds, up to twice as long
   * by chance. An API server that was restored from a backup gives versions a second time: a watch
   * that waited until then goes on, and never hears of what was different. */
  apiRelistMs: 6 * 3_600_000,
  /** How soon the kernel probes a connection on which nothing comes, milliseconds. */
  apiKeepAliveMs: 15_000,
  /** Characters that an answer may have around its body: as node:http takes of a head, and more. */
  apiHeadCharsMax: 64 * 1024,
  /** Characters of an answer that is a fault, and of those that a line for people has. */
  apiStatusCharsMax: 64 * 1024,
  apiMessageCharsMax: 300,
  /** Different things wrong with objects that are said; all are counted. */
  apiSaidMax: 32,
} as const
