/** What the server counts, as `/metrics` tells it. */
import type { ClusterFeed } from '../feed.ts'
import type { AlertIntake } from '../link/index.ts'
import type { Metric } from './metrics.ts'

/** Answers by what they were: `alerts 200`. */
export type RequestCounts = ReadonlyMap<string, number>

export interface Counted {
  readonly intake: AlertIntake
  readonly feed: ClusterFeed
  readonly requests: RequestCounts
  /** Alerts that a channel of the server lost. */
  readonly lost: () => Iterable<readonly [channel: string, count: number]>
  /** Alerts that could not be judged, though their pods are known. */
  readonly judgeFaults: () => number
  /** Alerts that others could belong to, and that were forgotten or not looked at again. */
  readonly unjoined: () => number
  /** Lines about alerts that could not be kept over a restart. */
  readonly unkept: () => number
}

export const metricsOf = ({
  intake,
  feed,
  requests,
  lost,
  judgeFaults,
  unjoined,
  unkept,
}: Counted): readonly Metric[] => {
  const { counts, waiting } = intake
  const { received, refused, repeated, judged, unjudged, put_off: putOff } = counts
  const one = (value: number): Metric['values'] => [['', value]]
  return [
    {
      name: 'bulwark_server_alerts_received_total',
      type: 'counter',
      help: 'Alerts in requests that were taken.',
      values: one(received),
    },
    {
      name: 'bulwark_server_alerts_total',
      type: 'counter',
      help: 'What became of alerts that were received.',
      label: 'outcome',
      values: Object.entries({ judged, unjudged, refused, repeated }),
    },
    {
      name: 'bulwark_server_alerts_put_off_total',
      type: 'counter',
      help: 'Alerts whose agent was asked to send them again later.',
      values: one(putOff),
    },
    {
      name: 'bulwark_server_alerts_shed_total',
      type: 'counter',
      help: 'Alerts put off because others of the same agent had their share of the room.',
      label: 'agent',
      values: intake.shed,
    },
    {
      name: 'bulwark_server_alerts_lost_total',
      type: 'counter',
      help: 'Alerts that a channel of the server did not deliver.',
      label: 'channel',
      values: lost(),
    },
    {
      name: 'bulwark_server_judge_faults_total',
      type: 'counter',
      help: 'Alerts that went out without a context because judging them failed.',
      values: one(judgeFaults()),
    },
    {
      name: 'bulwark_server_alerts_unjoined_total',
      type: 'counter',
      help: 'Alerts forgotten, or not looked at again, while others could belong to them.',
      values: one(unjoined()),
    },
    {
      name: 'bulwark_server_alerts_unkept_total',
      type: 'counter',
      help: 'What of alerts could not be kept over a restart.',
      values: one(unkept()),
    },
    {
      name: 'bulwark_server_alerts_waiting',
      type: 'gauge',
      help: 'Alerts that wait for their judgement.',
      values: one(waiting),
    },
    {
      name: 'bulwark_server_requests_total',
      type: 'counter',
      help: 'Answers by route and status.',
      label: 'answer',
      values: requests,
    },
    {
      name: 'bulwark_server_cluster_known',
      type: 'gauge',
      help: 'Whether the cluster was listed.',
      values: one(feed.sources ? 1 : 0),
    },
    {
      name: 'bulwark_server_kind_age_seconds',
      type: 'gauge',
      help: 'How old what is known of a kind of objects may be.',
      label: 'kind',
      values: feed.ages(),
    },
    {
      name: 'bulwark_server_api_total',
      type: 'counter',
      help: 'What happened on the way from the API server: docs/kubernetes.md.',
      label: 'what',
      values: feed.counts,
    },
    {
      name: 'bulwark_server_vulnerability_files',
      type: 'gauge',
      help: 'Files of --vulnerabilities by state; kept: broken, and what it said before holds.',
      label: 'state',
      values: feed.files,
    },
  ]
}
