// The resolv.conf of a place, read there where that is possible, else computed; and how the two part.
import { compareResolvConf, formatResolvConf, parseResolvConf } from '../route/index.ts'
import type { ComparedLine, PodResolvConf, ResolvConf } from '../route/index.ts'
import type { Place, Skipped, Vantages } from '../vantage/index.ts'

/** The file that counts, and where it is from. */
export interface SeenResolvConf {
  readonly origin: 'computed' | 'observed'
  readonly conf: ResolvConf
  /** How the place is reached; null when it is not. */
  readonly how: string | null
  /** Why it was not read; null when it was. */
  readonly unread: Skipped | null
  /** Lines of both files; only where the file was read and can be held against a computed one. */
  readonly lines: readonly ComparedLine[]
  /** Of the servers of systemd-resolved, where the file names its stub and they could be read. */
  readonly behindStub?: ResolvConf
}

/** What kubelet would write; `unseen` says how much of it rests on a node's file that was not seen. */
export interface ComputedResolvConf {
  readonly conf: ResolvConf
  readonly unseen?: 'all' | 'searches'
}

const NO_FILE: Skipped = { kind: 'skipped', why: 'the place has no /etc/resolv.conf' }

/** The computed file, where none was read. */
export function computedOnly(
  unread: Skipped,
  { computed, how = null }: { readonly computed: ComputedResolvConf | undefined; readonly how?: string | null },
): SeenResolvConf {
  return { origin: 'computed', conf: computed?.conf ?? parseResolvConf(''), how, unread, lines: [] }
}

const STUBS: readonly string[] = ['127.0.0.53', '127.0.0.54']

/** Reads the file. A place that cannot be read gives the computed one and the reason. */
export async function readResolvConf(
  vantages: Vantages,
  place: Place,
  computed: ComputedResolvConf | undefined,
): Promise<SeenResolvConf> {
  const vantage = await vantages.at(place)
  const how = 'kind' in vantage ? null : vantage.how
  const file = 'kind' in vantage ? vantage : await vantage.readFile('/etc/resolv.conf')
  if (file.kind !== 'file') {
    return computedOnly(file.kind === 'absent' ? NO_FILE : file, { computed, how })
  }
  const conf = parseResolvConf(file.text)
  const lines = computed === undefined ? [] : compareResolvConf(conf, computed.conf, computed)
  const seen = { origin: 'observed', conf, how, unread: null, lines } as const
  if ('kind' in vantage || !namesStub(conf)) return seen
  const behind = await vantage.readFile('/run/systemd/resolve/resolv.conf')
  return behind.kind === 'file' ? { ...seen, behindStub: parseResolvConf(behind.text) } : seen
}

/** Whether all that a file names is systemd-resolved's stub. */
export function namesStub({ nameservers }: ResolvConf): boolean {
  return nameservers.length > 0 && nameservers.every((address) => STUBS.includes(address))
}

/** What can be held against a pod's own file. */
export function comparableOf({ conf, effective, unseen }: PodResolvConf): ComputedResolvConf {
  if (unseen === undefined) return { conf }
  return { conf, unseen: effective === 'ClusterFirst' ? 'searches' : 'all' }
}

/** Whether the file is another one than kubelet would write. */
export function differs({ lines }: Pick<SeenResolvConf, 'lines'>): boolean {
  return lines.some((line) => line.in !== 'both')
}

/** What kubelet would write, as text; null where that is what was read. */
export function computedText(seen: SeenResolvConf, computed: ComputedResolvConf | undefined): string | null {
  return computed !== undefined && differs(seen) ? formatResolvConf(computed.conf) : null
}
