// Kernel tables of fixtures: only what a cause looks at.
import type { KernelReading } from '../../../src/doctor/ladder/index.ts'

type Tables = KernelReading['first']
type Iptables = Extract<Tables['iptables'], readonly unknown[]>[number]
type Entry = Extract<Tables['conntrack'], { readonly total: number }>['entries'][number]

/** A UDP flow from a client to port 53 of an address, translated to another one. */
export function flow({
  client,
  to,
  translated,
  isReplied = false,
  timeoutSeconds = 25,
}: {
  readonly client: string
  readonly to: string
  readonly translated: string
  readonly isReplied?: boolean
  readonly timeoutSeconds?: number
}): Entry {
  const source = { address: client, port: 40_053 }
  return {
    protocol: 'udp',
    timeoutSeconds,
    original: { source, destination: { address: to, port: 53 } },
    reply: { source: { address: translated, port: 53 }, destination: source },
    isReplied,
    isAssured: isReplied,
  }
}

export function conntrack(...entries: readonly Entry[]): Pick<Tables, 'conntrack'> {
  return { conntrack: { entries, matching: entries.length, total: entries.length } }
}

/** One backend's rules, each as iptables-save writes it with its count before: `[3:180] -A INPUT -j DROP` in the table. */
export function iptables(
  backend: 'legacy' | 'nft',
  {
    total,
    forward = 'ACCEPT',
    forwardPackets = 0,
    hasKube = true,
    rules = [],
  }: {
    readonly total: number
    readonly forward?: 'ACCEPT' | 'DROP'
    readonly forwardPackets?: number
    readonly hasKube?: boolean
    readonly rules?: Iptables['rules']
  },
): Iptables {
  const kube = hasKube ? [{ table: 'nat', name: 'KUBE-SERVICES', packets: 0 }] : []
  return {
    program: `iptables-${backend}-save`,
    backend,
    family: 4,
    chains: [{ table: 'filter', name: 'FORWARD', policy: forward, packets: forwardPackets }, ...kube],
    rules,
    total,
  }
}

/** A rule that drops or rejects, with how often it did. */
export function dropping(table: string, text: string, packets: number): Iptables['rules'][number] {
  const word = (option: string): string | undefined => new RegExp(`${option} (\\S+)`).exec(text)?.[1]
  const [protocol, port] = [word('-p'), word('--dport')]
  return {
    table,
    chain: word('-A') ?? '',
    text,
    packets,
    target: word('-j') ?? '',
    ...(protocol === undefined ? {} : { protocol }),
    ...(port === undefined ? {} : { destinationPort: Number(port) }),
  }
}
