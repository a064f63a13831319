// The resolv.conf that a pod really has: written when its sandbox was made, whatever kubelet would write today.
import type { Vantages } from '../../vantage/vantage.ts'
import type { PodFile } from './ladder.ts'
import type { Origin } from './plan-options.ts'

const RESOLV_CONF = '/etc/resolv.conf'
const OS_RELEASE = '/etc/os-release'
const HOSTS = '/etc/hosts'
/** kubelet writes a few lines; what images add for ad blocking has many thousands. */
const MAX_HOSTS = 64 * 1024

/** Reads the file of every pod that is asked from; one that cannot be read is left out. Never rejects. */
export async function readPodFiles(origins: readonly Origin[], vantages: Vantages): Promise<PodFile[]> {
  const files = await Promise.all(
    origins.map(async ({ place, skip }): Promise<PodFile[]> => {
      if (place.kind !== 'pod' || skip !== undefined) return []
      try {
        const vantage = await vantages.at(place)
        if ('kind' in vantage) return []
        const [file, system, hosts] = await Promise.all(
          [RESOLV_CONF, OS_RELEASE, HOSTS].map((path) => vantage.readFile(path)),
        )
        if (file?.kind !== 'file') return []
        const osRelease = system?.kind === 'file' ? { osRelease: system.text } : {}
        const known = hosts?.kind === 'file' && hosts.text.length <= MAX_HOSTS ? { hosts: hosts.text } : {}
        return [{ namespace: place.namespace, pod: place.name, text: file.text, ...osRelease, ...known }]
      } catch {
        return []
      }
    }),
  )
  return files.flat()
}
