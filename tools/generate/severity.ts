/** Writes the page of judgements from the table of factors and of weights. */
import {
  anomalyRules,
  anomalyTag,
  falcoAnomalyRules,
  factorTable,
  graphLimits as limits,
  indicatorGroups,
  indicatorTag,
  scale,
  weightTable,
} from '@bulwark/graph'
import type { FactorRow } from '@bulwark/graph'
import { severityKeys } from './crd.ts'

const notice = '<!-- Generated from graph/judgement/ by tools/generate.ts. Do not edit. -->'

const introduction = `# Severity

A rule says how bad what it tells would be, and how sure it is: its priority. The same event is
worth more in a pod that is open to the internet and leads to cluster-admin than in a pod to
which nothing leads. So each alert of a pod is judged in its context, and the judgement is shown
with its reasons, in the same words everywhere: in \`bulwark.context\` of the alert's JSON, and
by \`bulwark graph pod NAMESPACE/POD\`.

\`bulwark run --from-files DIR\`, and \`replay\`, take the cluster from what
\`kubectl get KINDS -A -o json\` wrote. \`bulwark run --kubeconfig FILE --context\` lists it
from the API server and watches it. What it has no right to list is told, and of secrets only the
names are asked for. A cluster whose server is away stays as it was last seen.

## How it is judged

1. The rule's priority gives the _detection_: Emergency, Alert and Critical are \`critical\`,
   Error is \`high\`, Warning \`medium\`, Notice \`low\`, Informational and Debug \`info\`.
2. Each factor of the table that holds has a weight. ${scale.levelWeight} is one level; weights
   add up, and the sum is rounded to whole levels, in doubt upwards: what is less than half a
   level has no effect alone. No order matters.
3. Factors of the table lower by ${scale.lowerMost / scale.levelWeight} levels at the most, and
   never below \`low\`: that something is harmless they can only suggest.
4. An alert of _indicator grade_ is never lowered below \`high\` (nor at all, where it began
   lower), and never suppressed, whoever asks for it.
5. What is not known counts for nothing, and is listed.

An alert keeps the priority of its rule; both numbers are shown. A suppressed alert is not
dropped: it is written with the name and the reason of what suppresses it
(\`bulwark.context.suppressed_by\`), and can be searched for.
`

const joining = `## Alerts that belong together

Alerts of the last ${limits.relatedAlertsMs / 60_000} minutes are kept, and joined
(\`bulwark.context.joined\` has the \`uuid\`s of the others):

- those of one pod: an alert is raised by earlier ones of other rules. Two rules about one event
  are one step.
- where a connection that is an alert leads to another pod, by its address or that of a Service, and
  network policies let it through: that alert and those of the other pod in the minutes after
  it. The other pod counts as open to the internet as the first is, over
  ${limits.chainStepsMax} such connections. Pods of the host's network have their node's address,
  which tells none apart; a connection that was refused leads nowhere.
- where an alert shows that something has got out onto a node: all alerts of other pods on it, from
  the minutes before on.

An alert that shows an edge of [the graph](graph.md) to have been walked says which
(\`bulwark.context.walked\`), and the attack path goes through it. The page of the graph has
the alerts that do, by edge. Where a node is lost, it lists the pods, service accounts
and secrets on it, ${limits.lostNamesMax} of each, and counts all. What was refused
is an attempt; so is a tool that was started, or a file that was looked at, where the
escape itself would be another event.

An alert that was told already and is raised by one that comes is told again: a record of the rule
\`Bulwark internal: alert raised\`, whose \`bulwark.update\` has the \`uuid\` of the earlier
alert (\`of\`), of the one that raised it (\`because\`), both levels, and the reasons. Its priority
is that of the new level. Nothing is told again that does not rise. The same alerts end at the same
levels in whatever order they come: their own times decide. A server that is
restarted goes on with what it has [kept](server.md#requests); what is not kept is not joined.
At most ${limits.openAlertsMax} alerts are kept, ${limits.alertsOfPodMax} of a pod and
${limits.alertsOfRuleMax} of a rule in it; that some were forgotten too early is said.
`

const policies = (): string => `## To change it

A SeverityPolicy changes weights, bounds and indicators, and has overrides: factors and
suppressions of your own. [examples/severity.yaml](examples/severity.yaml) has every key.

An override holds where all parts of \`when\` do that are given: \`namespaces\`, \`rules\`,
\`tags\`, \`containers\`, \`severities\` (of the detection) name any of theirs; \`factors\` must
all hold, \`noFactors\` none; \`namespaceSelector\` and \`podSelector\` select labels. Where
something that decides it is not known, it does not hold, and that is said. \`raise\` and
\`lower\` count \`by\` (${scale.levelWeight} without it) and have no bound but that of
indicators; \`suppress\` needs a \`reason\`, as all do.

What is wrong in a policy is told with its place and the nearest word. An override with a fault
does not hold; everything else does.

In a cluster SeverityPolicies are a resource of the API server
([deploy/crds](../deploy/crds/bulwark.dev_severitypolicies.yaml)).
\`bulwark run --kubeconfig FILE --context\` watches them beside the files of \`--severity\`: of a
setting that several have, that of a file counts, and among those of the cluster that of the last
by name. A change is in force with the next alert. One that becomes faulty is told and stays what
it was, over a restart, too, where a folder for that is given
(\`--state-dir\`); of a new one all but its faulty parts holds. \`bulwark policy status\`
writes that into the
policy, for \`kubectl get severitypolicies\` ([how](policies.md#status)).

${severityKeys()}

A [RuntimePolicy](policies.md#context) does the same for the alerts of its own rules: its
\`context\` has conditions in the language of rules, over facts of the graph and these factors.
`

const weightText = ({ direction, weight }: FactorRow): string => {
  if (direction === 'none') return '0'
  return `${direction === 'raise' ? '+' : '−'}${weight}`
}

const cell = (text: string): string => text.replaceAll('|', String.raw`\|`)

const factors = (): string => {
  const rows = factorTable.map(
    (row) => `| \`${row.id}\` | ${weightText(row)} | ${cell(row.when)} | ${cell(row.why)} |`,
  )
  const head = ['| factor | weight | holds when | why |', '| --- | --- | --- | --- |']
  return `## Factors\n\n${[...head, ...rows].join('\n')}\n`
}

const indicators = (): string => {
  const rows = indicatorGroups.map(({ what, why, onlyDone, rules, falcoRules }) => {
    const names = [...rules, ...falcoRules].map((name) => `_${cell(name)}_`).join(', ')
    const when = onlyDone ? `${what}; not where the kernel has refused it` : what
    return `| ${when} | ${cell(why)} | ${names} |`
  })
  const head = ['| what | why | rules |', '| --- | --- | --- |']
  return `## Indicators

Detections that have hardly ever another cause than an attack. A rule is one by its name below, by
the tag \`${indicatorTag}\`, or by a name or a tag in a SeverityPolicy.

${[...head, ...rows].join('\n')}
`
}

const anomalies = (): string => {
  const names = [...anomalyRules, ...falcoAnomalyRules].map((name) => `_${cell(name)}_`)
  return `## Anomalies

Rules that tell what is unusual, and not what is bad: ${names.join(', ')}, and any with
the tag \`${anomalyTag}\`. In the first hour of an image they count a level less
(\`learning.anomaly\`); indicators never do.
`
}

const list = (values: Readonly<Record<string, number>>): string =>
  Object.entries(values)
    .map(([word, value]) => `\`${word}\` ${value}`)
    .join(', ')

const likelihood =
  `${weightTable.exploited} in CISA's list (KEV); else the EPSS probability; ` +
  `${weightTable.unknownEpss} where there is none, which the reasons say`
const open = '`open` is from the network without an account or a click'

const weights = (): string => `## Weight of a vulnerability

From 0 to 1; it orders the vulnerabilities that a factor names, the heaviest first. It is the
product of:

| part | value |
| --- | --- |
| likelihood | ${likelihood} |
| impact | the CVSS score by 10; without one by severity: ${list(weightTable.severity)} |
| reach, by CVSS's vector | ${list(weightTable.reach)}; ${open} |
| use of its package | ${list(weightTable.use)} |

[vulnerabilities.md](vulnerabilities.md) says where all of it comes from.
`

/** The page. */
export const writeSeverityPage = (): string =>
  [
    notice,
    '',
    introduction,
    factors(),
    indicators(),
    anomalies(),
    joining,
    policies(),
    weights(),
  ].join('\n')
