/** Asks the API server whose a token is, and whether it was made for this server. */
import type { ApiAccess } from '@bulwark/kubernetes'
import { ApiAsker } from '@bulwark/kubernetes'
import { isJson } from '../input/index.ts'
import type { Reviewed } from './guard.ts'

const path = '/apis/authentication.k8s.io/v1/tokenreviews'

/** Since Kubernetes 1.32 the API server says it of the tokens of pods. */
const nodeKey = 'authentication.kubernetes.io/node-name'

const nodeOf = (extra: unknown): { readonly node?: string } => {
  const names = isJson(extra) ? extra[nodeKey] : undefined
  const [node] = Array.isArray(names) ? (names as readonly unknown[]) : []
  return typeof node === 'string' && node !== '' ? { node } : {}
}

const reviewedOf = (status: unknown, audience: string): Reviewed => {
  const { authenticated, user, audiences, error } = isJson(status) ? status : {}
  if (authenticated !== true) {
    const why = typeof error === 'string' && error !== '' ? error : 'nobody has it'
    return { refused: why }
  }
  // A server that knows nothing of audiences says nothing of them: the token may be for anybody.
  if (!Array.isArray(audiences) || !audiences.includes(audience)) {
    return { refused: `it was not made for the audience ${audience}` }
  }
  const { username, extra } = isJson(user) ? user : {}
  if (typeof username !== 'string') return { refused: 'it has no user' }
  return { user: username, ...nodeOf(extra) }
}

/** @returns asks once; rejects when the server does not answer, or will not say */
export const tokenReviewer = (
  access: ApiAccess,
  audience: string,
): ((token: string) => Promise<Reviewed>) => {
  const asker = new ApiAsker(access)
  return async (token) => {
    const text = JSON.stringify({
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenReview',
      spec: { token, audiences: [audience] },
    })
    const answer = await asker.ask(path, { method: 'POST', type: 'application/json', text })
    return reviewedOf(answer['status'], audience)
  }
}
