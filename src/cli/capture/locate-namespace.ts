// The network namespace that a capture is to be taken in.
import { UsageError } from '../../base/index.ts'
import { locateNetns, locateNode, locatePod, locateProcess } from '../../vantage/index.ts'
import type { NamespaceTarget, Place, Skipped } from '../../vantage/index.ts'
import { formatSkipped } from '../format-skipped.ts'
import { parsePlace } from '../place.ts'
import type { PlaceOptions } from '../place/place-options.ts'
import { withLabHint } from '../place/in-lab.ts'

/** The namespace's path; undefined for the present one. @throws {UsageError} for a place that cannot be entered */
export async function locateNamespace({
  in: place,
  netns,
  pid,
  namespace,
  lab,
}: PlaceOptions): Promise<string | undefined> {
  const given = [place, netns, pid].filter((value) => value !== undefined)
  if (given.length > 1)
    throw new UsageError('bad-argument', 'Cannot use --in, --netns and --pid together: give one place')
  if (place !== undefined) return ofPlace(parsePlace(place, namespace), lab)
  if (netns !== undefined) return pathOf(await locateNetns(netns))
  if (pid === undefined) return undefined
  if (!/^[1-9]\d{0,9}$/.test(pid))
    throw new UsageError('bad-argument', `Cannot use --pid ${pid}: it is not a process id`)
  return pathOf(await locateProcess(Number(pid)))
}

async function ofPlace(place: Place, lab: string | undefined): Promise<string | undefined> {
  if (place.kind === 'here') return undefined
  if (lab !== undefined) return pathOf(await locateInLab(place, lab))
  const located = await (place.kind === 'node' ? locateNode(place.name) : locatePod(place))
  return pathOf('netns' in located ? located : await withLabHint(located))
}

async function locateInLab(place: Place, lab: string): Promise<NamespaceTarget | Skipped> {
  const { attachLab } = await import('../../lab/index.ts')
  const { name, vantages, locate } = await attachLab(lab === '' ? undefined : lab)
  try {
    if (locate !== undefined) return await locate(place)
    return {
      kind: 'skipped',
      why: `the places of the loopback lab "${name}" have no packets of their own`,
      needs: '"fathom lab up --grade netns", as root',
    }
  } finally {
    await vantages.close()
  }
}

function pathOf(located: NamespaceTarget | Skipped): string {
  if ('netns' in located) return located.netns
  throw new UsageError('bad-argument', `Cannot capture there: ${formatSkipped(located)}`)
}
