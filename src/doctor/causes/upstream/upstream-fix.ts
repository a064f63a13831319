// How an upstream is taken out of use: from the node's file and from where that file comes, or from the Corefile; then the
// pods that copied it are made anew.
import type { ClusterFacts } from '../../facts/index.ts'
import type { UpstreamUse } from '../../ladder/index.ts'
import type { Fix } from '../judgement.ts'
import { removeNameserver } from '../edit-node-file.ts'
import { deletePods, replaceable } from '../make-anew.ts'
import { qualifiedName } from '../support.ts'

/** Files that a program writes anew: an edit alone does not last. */
const GENERATED = /^\/run\/(systemd\/resolve|NetworkManager|resolvconf)\//

export function upstreamFix(facts: ClusterFacts, address: string, uses: readonly UpstreamUse[]): Fix {
  const files = uses.filter(({ source }) => source.kind === 'file')
  const corefiles = uses.filter(({ source }) => source.kind === 'corefile')
  const commands = [...files.flatMap((use) => fileCommands(use, address)), ...corefileCommands(corefiles, address)]
  const pods = [...new Set(files.flatMap((use) => [...use.servers.map(({ name }) => name), ...ownedPods(facts, use)]))]
  const values = { address, nodes: [...new Set(uses.map(({ node }) => node))] }
  const isGenerated = files.some(({ source }) => source.kind === 'file' && GENERATED.test(source.path))
  const key =
    files.length === 0
      ? 'upstream.remove-from-corefile'
      : isGenerated
        ? 'upstream.remove-from-generated-file'
        : 'upstream.remove-from-file'
  return { key, values, command: [...commands, ...deletePods(pods)].join('\n') }
}

function fileCommands({ source, node }: UpstreamUse, address: string): string[] {
  return source.kind === 'file' ? [removeNameserver(node, source.path, address)] : []
}

function corefileCommands(uses: readonly UpstreamUse[], address: string): string[] {
  const places = new Set(
    uses.flatMap(({ source }) =>
      source.kind === 'corefile'
        ? [`kubectl -n ${source.namespace} edit configmap ${source.name}   # Corefile:${source.line}: - ${address}`]
        : [],
    ),
  )
  return [...places]
}

/** Pods that a controller makes anew; a pod without one would be gone for good. */
function ownedPods(facts: ClusterFacts, use: UpstreamUse): string[] {
  const named = new Set(use.pods)
  return replaceable(facts.objects.pods.filter((pod) => named.has(qualifiedName(pod)) && !pod.spec.hostNetwork))
}
