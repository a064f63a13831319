// The network namespace that a capture is to be taken in.
import { UsageError } from '../../base/index.ts'
import { locateNetns, locateNode, locatePod, locateProcess } from '../../vantage/index.ts'
import { formatSkipped } from '../format-skipped.ts'
import { parsePlace } from '../place.ts'
import type { PlaceOptions } from '../place.ts'

/** The namespace's path; undefined for the present one. @throws {UsageError} for a place that cannot be entered */
export async function locateNamespace({
  in: place,
  netns,
  pid,
  namespace,
}: Omit<PlaceOptions, 'lab'>): Promise<string | undefined> {
  const given = [place, netns, pid].filter((value) => value !== undefined)
  if (given.length > 1)
    throw new UsageError('bad-argument', 'Cannot use --in, --netns and --pid together: give one place')
  if (place !== undefined) return ofPlace(place, namespace)
  if (netns !== undefined) return pathOf(await locateNetns(netns))
  if (pid === undefined) return undefined
  if (!/^[1-9]\d{0,9}$/.test(pid))
    throw new UsageError('bad-argument', `Cannot use --pid ${pid}: it is not a process id`)
  return pathOf(await locateProcess(Number(pid)))
}

async function ofPlace(text: string, namespace: string | undefined): Promise<string | undefined> {
  const place = parsePlace(text, namespace)
  if (place.kind === 'here') return undefined
  return pathOf(place.kind === 'node' ? await locateNode(place.name) : await locatePod(place))
}

type Located = Awaited<ReturnType<typeof locateNetns | typeof locateNode | typeof locatePod>>

function pathOf(located: Located): string | undefined {
  if (located === undefined) return undefined
  if ('netns' in located) return located.netns
  throw new UsageError('bad-argument', `Cannot capture there: ${formatSkipped(located)}`)
}
