/** Questions to a cluster, answered in the shapes of `schema/graph-answers.ts`. */
import type { Cluster, ContextSources, GraphNode, Request } from '@bulwark/graph'
import { blastRadius, findPaths, whoCan } from '@bulwark/graph'
import type {
  BlastRadiusAnswer,
  GraphCertainty,
  GraphInput,
  GraphReply,
  PathsAnswer,
  WhoCanAnswer,
} from '@bulwark/schema'
import { limits } from '../limits.ts'
import { factOf, fixesOf, pointOf, wayJson, waysOf } from './answer.ts'
import { isBadEnd, remarkOn, startOf, targetOf } from './ends.ts'
import type { Asked } from './request.ts'
import { remarksOnRequest, requestOf } from './request.ts'

/** What is asked. */
export interface Questioned {
  readonly sources: ContextSources
  readonly input: () => GraphInput
}

/** A reply to a question that is wrong, or about what is not there. */
export const badReply = (faults: GraphReply<never>['faults']): GraphReply<never> => ({
  remarks: [],
  faults,
  exit: 2,
  answer: null,
})

export const goodReply = <Answer>(
  answer: Answer,
  remarks: readonly string[] = [],
): GraphReply<Answer> => ({ remarks, faults: [], exit: 0, answer })

export interface PathsQuestion {
  readonly from: string
  readonly to: string | undefined
  /** A selector in place of the label of crown jewels. */
  readonly crownJewels: string | undefined
  readonly certainty: GraphCertainty
  /** 1 to `bestMax`. */
  readonly best: number
}

const remarksOn = (cluster: Cluster, start: GraphNode): readonly string[] => {
  const remark = remarkOn(cluster, start)
  return remark === undefined ? [] : [remark]
}

/** Ways from a start to what matters, and what cuts them. */
export const askPaths = (
  { sources: { cluster }, input }: Questioned,
  { from, to, crownJewels, certainty, best }: PathsQuestion,
): GraphReply<PathsAnswer> => {
  const start = startOf(cluster, from)
  const remarks = isBadEnd(start) ? [] : remarksOn(cluster, start)
  const wanted = to ?? (crownJewels === undefined ? 'cluster-admin' : 'crown-jewels')
  const target = targetOf(cluster, wanted, crownJewels)
  if (isBadEnd(start) || isBadEnd(target)) {
    const ends = [[start, 'from'] as const, [target, 'to'] as const]
    const faults = ends.flatMap(([end, name]) =>
      isBadEnd(end) ? [{ message: `--${name}: ${end.message}`, help: end.help }] : [],
    )
    return { ...badReply(faults), remarks }
  }
  const pathsMax = best * limits.pathsPerWay
  const found = findPaths(cluster, [start], target.is, { certainty, pathsMax })
  const all = waysOf(found.paths)
  const ways = all.slice(0, best)
  const answer: PathsAnswer = {
    from: pointOf(start),
    to: target.text,
    certainty,
    paths: ways.map(wayJson),
    more: found.hasMore || all.length > best,
    fixes: fixesOf(cluster, ways),
    input: input(),
  }
  return goodReply(answer, remarks)
}

/** Everything that somebody gets to from a start. */
export const askBlastRadius = (
  { sources: { cluster }, input }: Questioned,
  from: string,
  certainty: GraphCertainty,
): GraphReply<BlastRadiusAnswer> => {
  const start = startOf(cluster, from)
  if (isBadEnd(start)) return badReply([start])
  const { reached, counts, isCut, ways } = blastRadius(cluster, start, certainty)
  const { ways: rows, untold } = ways()
  const answer: BlastRadiusAnswer = {
    from: pointOf(start),
    certainty,
    counts: Object.fromEntries(counts),
    reached: reached.map(({ node, cost }) => {
      const { id, kind, text } = pointOf(node)
      return { id, kind, text, cost }
    }),
    ways: rows.map(({ from: begin, edge, certainty: sure, to, more, behind }) => ({
      edge: edge.id,
      title: edge.title,
      certainty: sure,
      from: pointOf(begin),
      to: to.map(pointOf),
      more,
      behind,
    })),
    untold,
    more: isCut,
    input: input(),
  }
  return goodReply(answer, remarksOn(cluster, start))
}

const resourceText = (request: Request): string => {
  if ('path' in request) return request.path
  const { resource, subresource, group } = request
  const whole = subresource === '' ? resource : `${resource}/${subresource}`
  return group === '' ? whole : `${whole} of ${group}`
}

/** What is wrong with a request of RBAC, before any cluster is asked. */
export const faultsOfRequest = (asked: Asked): GraphReply<never>['faults'] => {
  const request = requestOf(asked)
  return 'message' in request ? [request] : []
}

/** Everybody whom RBAC lets do something. */
export const askWhoCan = (
  { sources: { cluster }, input }: Questioned,
  asked: Asked,
): GraphReply<WhoCanAnswer> => {
  const request = requestOf(asked)
  if ('message' in request) return badReply([request])
  const answer: WhoCanAnswer = {
    verb: asked.verb,
    resource: resourceText(request),
    name: asked.name ?? '',
    namespace: asked.namespace ?? '',
    subjects: whoCan(cluster, request).map(({ facts, ...subject }) => ({
      kind: subject.kind,
      namespace: subject.namespace,
      name: subject.name,
      reasons: facts.map(factOf),
    })),
    input: input(),
  }
  return goodReply(answer, remarksOnRequest(cluster, asked))
}
