// Asks the API server beforehand whether something is allowed: a probe that is not is skipped, and says what it needs.
import type { AccessQuestion, KubeClient } from '../../kube/api/index.ts'
import type { Skipped } from '../skipped.ts'

/** One right, such as `create pods/portforward in kube-system`. */
export interface NeededRight {
  readonly verb: string
  readonly subresource: string
  readonly namespace: string
  /** The pod that is meant: a role may name single ones. */
  readonly name: string
}

/** Undefined: everything that is needed is allowed, as far as the API server tells. */
export type AccessCheck = (needed: readonly NeededRight[]) => Promise<Skipped | undefined>

/** Reviews of one run at most; with its lists and probes it stays a light guest. */
const MAX_REVIEWS = 16

/** Checks rights, each asked for once. Where reviews cannot be had, the probe itself will tell. */
export function createAccessCheck(client: Pick<KubeClient, 'canI'>): AccessCheck {
  const known = new Map<string, Promise<boolean>>()
  const ask = (question: AccessQuestion, ifNotAsked: boolean): Promise<boolean> => {
    const key = JSON.stringify(question)
    const before = known.get(key)
    if (before !== undefined) return before
    if (known.size >= MAX_REVIEWS) return Promise.resolve(ifNotAsked)
    const answer = client.canI(question).catch(() => true)
    known.set(key, answer)
    return answer
  }
  const isAllowed = async ({ name, ...right }: NeededRight): Promise<boolean> => {
    const question = { ...right, resource: 'pods' }
    return (await ask(question, true)) || ask({ ...question, name }, false)
  }
  return async (needed) => {
    const answers = await Promise.all(needed.map(isAllowed))
    const missing = needed.filter((_, index) => answers[index] !== true)
    return missing.length === 0 ? undefined : { kind: 'skipped', why: 'forbidden', needs: formatRights(missing) }
  }
}

/** `create, get pods/portforward in kube-system`, `patch pods/ephemeralcontainers, create pods/exec in shop` */
export function formatRights(rights: readonly NeededRight[]): string {
  const [first] = rights
  if (first === undefined) return ''
  const kinds = [...new Set(rights.map(({ subresource }) => subresource))].map((subresource) => {
    const verbs = rights.filter((right) => right.subresource === subresource).map(({ verb }) => verb)
    return `${verbs.join(', ')} pods/${subresource}`
  })
  return `${kinds.join(', ')} in ${first.namespace}`
}

/** The rights of a WebSocket: `get` by its method, and `create` too from Kubernetes 1.35 on (KEP-4006). */
export function streamRights(
  subresource: 'exec' | 'portforward',
  { namespace, name }: { readonly namespace: string; readonly name: string },
): NeededRight[] {
  return ['create', 'get'].map((verb) => ({ verb, subresource, namespace, name }))
}
