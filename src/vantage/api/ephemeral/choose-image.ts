// The image of a container that is added to a pod: one that the pod's node has already, else one that it can pull.
import { KubeApiError } from '../../../kube/api/index.ts'
import type { KubeClient } from '../../../kube/api/index.ts'

/**
 * What is pulled where the node has nothing fitting. The tools of Kubernetes' own end-to-end tests, and of its page on
 * debugging DNS: from the registry that nodes pull their system images from, without Docker Hub's limits.
 */
export const DEFAULT_IMAGE = 'registry.k8s.io/e2e-test-images/agnhost:2.39'

/** Images that are known to have what the scripts need, in the order of preference; digests say nothing. */
const FITTING: readonly RegExp[] = [/\/agnhost:[^@]+$/, /\/netshoot:[^@]+$/, /\/(jessie-)?dnsutils:[^@]+$/]

export interface ChosenImage {
  readonly image: string
  readonly why: string
}

/** What was seen of a node; empty where it may not be looked at. */
export interface SeenNode {
  readonly images: readonly string[]
  /** `linux` or `windows`. */
  readonly operatingSystem: string
}

/** Looks at a node: kubelet lists the 50 largest images that it has. Never rejects for missing rights. */
export async function seeNode(client: KubeClient, name: string): Promise<SeenNode> {
  try {
    const { status } = (await client.getJson(`/api/v1/nodes/${encodeURIComponent(name)}`)) as NodeJson
    return {
      images: (status?.images ?? []).flatMap(({ names }) => names ?? []),
      operatingSystem: status?.nodeInfo?.operatingSystem ?? '',
    }
  } catch (error) {
    if (!(error instanceof KubeApiError)) throw error
    return { images: [], operatingSystem: '' }
  }
}

interface NodeJson {
  readonly status?: {
    readonly images?: readonly { readonly names?: readonly string[] | null }[] | null
    readonly nodeInfo?: { readonly operatingSystem?: string }
  }
}

/** Chooses the image that was asked for, or one that fits. */
export function chooseImage(wanted: string | undefined, images: readonly string[]): ChosenImage {
  if (wanted !== undefined) return { image: wanted, why: 'as given by --image' }
  for (const pattern of FITTING) {
    const there = images.find((image) => pattern.test(image))
    if (there !== undefined) return { image: there, why: 'the node has it already' }
  }
  return { image: DEFAULT_IMAGE, why: 'the node has to pull it; --image chooses another' }
}
