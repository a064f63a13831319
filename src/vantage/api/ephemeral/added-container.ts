// A container that is added to a running pod: it shares the pod's network namespace and the resolv.conf that kubelet made
// for the pod. It is announced before, waits for questions, and is ended afterwards; its entry stays in the pod for good.
import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { execInPod } from '../../../kube/api/index.ts'
import type { KubeClient, PodName } from '../../../kube/api/index.ts'
import type { Skipped } from '../../skipped.ts'
import { DEFAULT_IMAGE } from './choose-image.ts'
import type { ChosenImage } from './choose-image.ts'
import { IMAGE_NEEDS, waitCommand } from './scripts.ts'

export interface AddContainerOptions {
  readonly client: KubeClient
  readonly pod: PodName
  readonly image: ChosenImage
  /** Tells a person what is about to be done, and what was. */
  readonly say: (line: string) => void
  /** Ends the waiting for it. */
  readonly signal: AbortSignal
  /** Milliseconds until it must run; default 60,000. */
  readonly startMs?: number
}

export interface AddedContainer {
  readonly pod: PodName
  readonly name: string
  /** Ends its program and says what stays. Never rejects. */
  end(): Promise<void>
}

const START_MS = 60_000
/** A container whose Fathom was killed ends by itself after so long. */
const LIFETIME_SECONDS = 900
const FIRST_LOOK_MS = 250
const LONGEST_LOOK_MS = 4000
const END_MS = 5000
/** The program looks once a second whether it is to end. */
const LAST_LOOK_MS = 1300

/** Reasons with which kubelet goes on trying, but not to any good within our time. */
const HOPELESS: ReadonlySet<string> = new Set([
  'CreateContainerConfigError',
  'CreateContainerError',
  'ErrImageNeverPull',
  'ErrImagePull',
  'ImageInspectError',
  'ImagePullBackOff',
  'InvalidImageName',
  'RegistryUnavailable',
  'RunContainerError',
])

/**
 * Adds a container to a pod and waits until it runs; `skipped` says why it does not.
 *
 * @throws {KubeApiError} the API server cannot be reached, or refuses: no right, admission
 */
export async function addContainer(options: AddContainerOptions): Promise<AddedContainer | Skipped> {
  const { client, pod, image, say } = options
  const name = `fathom-${randomBytes(3).toString('hex')}`
  const named = `pod ${pod.namespace}/${pod.name}`
  say(
    `adding a container to ${named}: name ${name}, image ${image.image} (${image.why}), without privileges, ` +
      `for ${LIFETIME_SECONDS / 60} minutes at most; its entry stays in the pod until the pod is deleted`,
  )
  const endFile = `/tmp/.${name}`
  const container = {
    name,
    image: image.image,
    imagePullPolicy: 'IfNotPresent',
    command: waitCommand(endFile, LIFETIME_SECONDS),
    // What the Pod Security level "restricted" demands: sending to port 53 needs no more.
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      runAsNonRoot: true,
      runAsUser: 65_534,
      seccompProfile: { type: 'RuntimeDefault' },
    },
  }
  await client
    .request({
      method: 'PATCH',
      path: `${podPath(pod)}/ephemeralcontainers`,
      headers: { 'content-type': 'application/strategic-merge-patch+json' },
      body: { spec: { ephemeralContainers: [container] } },
    })
    .then(({ body }) => body.destroy())
  const end = async (): Promise<void> =>
    say(
      `${await endProgram(client, pod, { name, endFile })}; its entry stays in ${named} until the pod is deleted: Kubernetes removes none`,
    )
  const failure = await waitUntilRuns(options, name)
  if (failure === undefined) return { pod, name, end }
  say(`container ${name} does not run in ${named}: ${failure.why}; its entry stays there until the pod is deleted`)
  return failure
}

async function waitUntilRuns(
  { client, pod, image, signal, startMs = START_MS }: AddContainerOptions,
  name: string,
): Promise<Skipped | undefined> {
  const giveUpAt = performance.now() + startMs
  const what = `container ${name} (${image.image}) in pod ${pod.namespace}/${pod.name}`
  let last = 'kubelet has said nothing of it'
  for (let pauseMs = FIRST_LOOK_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_LOOK_MS)) {
    await delay(pauseMs, undefined, { signal }).catch(() => undefined)
    const state = await readState(client, pod, name)
    if (state.kind === 'running') return undefined
    if (signal.aborted) {
      return {
        kind: 'skipped',
        why: `${what} was not waited for; it ends by itself within ${LIFETIME_SECONDS / 60} minutes`,
      }
    }
    if (state.kind === 'gone') return { kind: 'skipped', why: `pod ${pod.namespace}/${pod.name} went away meanwhile` }
    if (state.reason !== '') last = state.message === '' ? state.reason : `${state.reason}: ${state.message}`
    if (state.kind === 'terminated') {
      return {
        kind: 'skipped',
        why: `${what} ended at once: ${last}`,
        needs: `an image with ${IMAGE_NEEDS}, such as --image ${DEFAULT_IMAGE}`,
      }
    }
    if (HOPELESS.has(state.reason)) {
      return {
        kind: 'skipped',
        why: `${what} does not start: ${last}`,
        needs: 'an image that the node has or can pull (--image)',
      }
    }
    if (performance.now() + pauseMs >= giveUpAt) {
      return {
        kind: 'skipped',
        why: `${what} did not run within ${startMs / 1000} s: ${last}`,
        needs: 'more time, or a node that can start it',
      }
    }
  }
}

// --- Its state, as kubelet tells it ---

type State =
  | { readonly kind: 'gone' }
  | { readonly kind: 'running' }
  | { readonly kind: 'terminated' | 'waiting'; readonly reason: string; readonly message: string }

interface StateJson {
  readonly running?: object
  readonly terminated?: { readonly reason?: string; readonly message?: string; readonly exitCode?: number }
  readonly waiting?: { readonly reason?: string; readonly message?: string }
}

interface PodJson {
  readonly metadata?: { readonly deletionTimestamp?: string }
  readonly status?: {
    readonly ephemeralContainerStatuses?: readonly { readonly name?: string; readonly state?: StateJson }[]
  }
}

async function readState(client: KubeClient, pod: PodName, name: string): Promise<State> {
  const { metadata, status } = (await client.getJson(podPath(pod))) as PodJson
  if (metadata?.deletionTimestamp !== undefined) return { kind: 'gone' }
  const state = status?.ephemeralContainerStatuses?.find((candidate) => candidate.name === name)?.state
  if (state?.running !== undefined) return { kind: 'running' }
  const { reason = '', message = '' } = state?.terminated ?? state?.waiting ?? {}
  const kind = state?.terminated === undefined ? 'waiting' : 'terminated'
  const exitCode = state?.terminated?.exitCode
  return { kind, reason: reason || (exitCode === undefined ? '' : `exit code ${exitCode}`), message: oneLine(message) }
}

function oneLine(text: string): string {
  return text.trim().replaceAll(/\s+/g, ' ').slice(0, 300)
}

function podPath({ namespace, name }: PodName): string {
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}`
}

/** Gives the sentence that tells how it ended. */
async function endProgram(
  client: KubeClient,
  pod: PodName,
  { name, endFile }: { readonly name: string; readonly endFile: string },
): Promise<string> {
  const byItself = `container ${name} could not be told to end and ends by itself within ${LIFETIME_SECONDS / 60} minutes`
  try {
    const told = await execInPod(client, { pod, container: name, command: ['touch', endFile], timeoutMs: END_MS })
    if (told.kind !== 'ended' || told.exitCode !== 0) return byItself
    await delay(LAST_LOOK_MS)
    const state = await readState(client, pod, name)
    return state.kind === 'running' ? `container ${name} was told to end` : `container ${name} has ended`
  } catch {
    return byItself
  }
}
