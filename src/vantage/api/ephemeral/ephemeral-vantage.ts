// A pod seen from a container that is added to it, with consent: the only way from outside to what UDP and the Service IP
// do for that pod.
import type { KubeClient, PodName } from '../../../kube/api/index.ts'
import { KubeApiError } from '../../../kube/api/index.ts'
import type { Pod } from '../../../kube/objects/index.ts'
import { collectKernelTables } from '../../kernel/collect.ts'
import type { Vantage } from '../../vantage.ts'
import type { Skipped } from '../../skipped.ts'
import { streamRights } from '../access-check.ts'
import type { AccessCheck } from '../access-check.ts'
import { execSource } from '../exec-source.ts'
import { debugPodCommand } from '../kubectl-commands.ts'
import { addContainer } from './added-container.ts'
import { containerAsker } from './ask.ts'
import { chooseImage, seeNode } from './choose-image.ts'

/** Consent to add a container to one pod. */
export interface EphemeralOptions extends EphemeralConsent {
  readonly pod: PodName
}

/** Consent to add a container to the pod that is asked from. */
export interface EphemeralConsent {
  /** Default: one that the pod's node has, or can pull. */
  readonly image?: string | undefined
  /** Tells a person, before and afterwards, what is done to which pod. */
  readonly say: (line: string) => void
}

export interface EphemeralVantage extends Vantage {
  /** Ends the container's program. */
  close(): Promise<void>
}

/** What kubelet makes for the pod, or the kernel for its namespaces; all other files are the added image's. */
const SHARED = /^\/etc\/(resolv\.conf|hosts)$|^\/proc\//
const FILE_TIMEOUT_MS = 8000

/** Adds a container to a running pod; `skipped` says why there is none. Never rejects. */
export async function openEphemeral(
  pod: Pod,
  {
    client,
    check,
    ephemeral,
    signal,
  }: {
    readonly client: KubeClient
    readonly check: AccessCheck
    readonly ephemeral: EphemeralConsent
    /** Nobody waits for it any more. */
    readonly signal: AbortSignal
  },
): Promise<EphemeralVantage | Skipped> {
  const { namespace, name } = pod.meta
  const named = `pod ${namespace}/${name}`
  const denied = await check([
    { verb: 'patch', subresource: 'ephemeralcontainers', namespace, name },
    ...streamRights('exec', pod.meta),
  ])
  if (denied !== undefined) return denied
  try {
    const node = await seeNode(client, pod.spec.nodeName)
    if (node.operatingSystem === 'windows') {
      return {
        kind: 'skipped',
        why: `${named} runs on Windows, where pods have no network namespace to share`,
        needs: 'a shell in the pod: nslookup, Get-DnsClientServerAddress',
      }
    }
    const image = chooseImage(ephemeral.image, node.images)
    const added = await addContainer({ client, pod: { namespace, name }, image, say: ephemeral.say, signal })
    if ('kind' in added) return added
    const target = { pod: added.pod, container: added.name }
    return {
      place: { kind: 'pod', namespace, name },
      how: `${named} on ${pod.spec.nodeName}, from container ${added.name} added to it`,
      exchange: containerAsker(client, target),
      httpGet: () => Promise.resolve({ kind: 'skipped', why: 'a container that was added asks DNS servers only' }),
      readFile: (path) =>
        SHARED.test(path)
          ? execSource(client, target, { timeoutMs: FILE_TIMEOUT_MS }).readFile(path)
          : Promise.resolve({ kind: 'skipped', why: `${path} of a container that was added is not the pod's` }),
      kernelTables: (request) => collectKernelTables(execSource(client, target, request), request),
      equivalent: (plain) => debugPodCommand(pod.meta, plain, image.image),
      close: () => added.end(),
    }
  } catch (error) {
    if (!(error instanceof KubeApiError)) throw error
    return skipFor(error, named)
  }
}

function skipFor(error: KubeApiError, named: string): Skipped {
  const why = `no container could be added to ${named}: ${error.message}`
  if (error.code === 'absent')
    return { kind: 'skipped', why, needs: 'Kubernetes 1.23 or later, and a pod that is there' }
  // Refused by admission, not by roles: those were asked before.
  return error.code === 'forbidden' || error.code === 'refused'
    ? { kind: 'skipped', why, needs: 'a policy of the namespace that allows it, or fathom on the node as root' }
    : { kind: 'skipped', why }
}
