// Which C library resolves names for a pod's programs: read from its /etc/os-release, or guessed from its image's name.
import type { Pod } from '../../../kube/objects/index.ts'
import type { ResolverName } from '../../../route/index.ts'
import type { Ladder } from '../../ladder/index.ts'
import { line } from '../judgement.ts'
import type { EvidenceLine } from '../judgement.ts'
import { qualifiedName } from '../support.ts'

export interface ClientLibrary {
  /** `musl` where its version is not known. */
  readonly resolver: 'glibc' | ResolverName
  /** Of Alpine, such as `3.17.2`; absent where it was not seen. */
  readonly alpine?: string
  /** `observed` in the container; `stated` by an image's name, which is a hint and no more. */
  readonly basis: 'observed' | 'stated'
  /** `Alpine Linux v3.17`, or the image. */
  readonly from: string
}

/** The first Alpine release whose musl (1.2.4) asks again over TCP. */
const WITH_TCP = { major: 3, minor: 18 }

/** What resolves names in a pod; undefined where nothing tells. */
export function clientLibraryOf(ladder: Ladder, pod: Pod): ClientLibrary | undefined {
  const { namespace, name } = pod.meta
  const file = ladder.podFiles.find((one) => one.namespace === namespace && one.pod === name)
  if (file?.osRelease !== undefined) return readOsRelease(file.osRelease)
  return pod.spec.containers.map(({ image }) => readImage(image)).find((library) => library !== undefined)
}

/** The line of evidence that tells it. */
export function libraryLine(pod: Pod, { basis, from }: ClientLibrary): EvidenceLine {
  const key = basis === 'observed' ? 'system' : 'image'
  return line(basis, key, { pod: qualifiedName(pod), from })
}

export function isMusl({ resolver }: ClientLibrary): boolean {
  return resolver.startsWith('musl')
}

/** Reads os-release(5); undefined for a text that names no system. */
function readOsRelease(text: string): ClientLibrary | undefined {
  const value = (key: string): string | undefined => new RegExp(`^${key}=["']?([^"'\n]*)`, 'm').exec(text)?.[1]?.trim()
  const id = value('ID')
  if (id === undefined) return undefined
  const from = value('PRETTY_NAME') ?? id
  if (id !== 'alpine') return { resolver: 'glibc', basis: 'observed', from }
  return ofAlpine(value('VERSION_ID'), { basis: 'observed', from })
}

/** `alpine:3.17.2`, `node:18-alpine3.17`, `nginx:1.25-alpine`; undefined for any other name. */
function readImage(image: string): ClientLibrary | undefined {
  const match = /(?:^|[/:-])alpine(?:[:-]?v?(\d+\.\d+(?:\.\d+)?))?(?=$|[@:-])/.exec(image)
  return match === null ? undefined : ofAlpine(match[1], { basis: 'stated', from: image })
}

function ofAlpine(version: string | undefined, seen: Pick<ClientLibrary, 'basis' | 'from'>): ClientLibrary {
  if (version === undefined) return { resolver: 'musl', ...seen }
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const isRecent = major > WITH_TCP.major || (major === WITH_TCP.major && minor >= WITH_TCP.minor)
  return { resolver: isRecent ? 'musl' : 'musl-1.2.3', alpine: version, ...seen }
}
