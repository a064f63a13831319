// Keeps the rules of NetworkPolicies on every node in step with policies, pods and namespaces.
import type { ObjectStore } from '../../cluster/object-store.ts'
import type { RawObject } from '../../cluster/raw-object.ts'
import { NAMESPACE_TYPE, POD_TYPE, resourceTypeOf } from '../../cluster/resource-types.ts'
import { runInside } from '../run-tool.ts'
import type { PodNetwork } from './pod-network.ts'
import { FROM_PODS, TO_PODS, policyChains } from './policy-rules.ts'

const SETTLE_MS = 20

export class PolicyController {
  readonly #store: ObjectStore
  readonly #network: PodNetwork
  /** Node -> chain -> rules, as they were last written. */
  readonly #written = new Map<string, ReadonlyMap<string, readonly string[]>>()
  readonly #unsubscribe: () => void
  #timer: NodeJS.Timeout | undefined
  #work: Promise<void> = Promise.resolve()

  constructor(store: ObjectStore, network: PodNetwork) {
    this.#store = store
    this.#network = network
    this.#unsubscribe = store.subscribe(({ type }) => {
      if (type.kind === 'NetworkPolicy' || type === POD_TYPE || type === NAMESPACE_TYPE) this.#syncSoon()
    })
    this.#syncSoon()
  }

  async close(): Promise<void> {
    this.#unsubscribe()
    clearTimeout(this.#timer)
    await this.#work
  }

  #syncSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.#work = this.#work.then(() => this.#sync())
    }, SETTLE_MS)
  }

  async #sync(): Promise<void> {
    const type = resourceTypeOf('networking.k8s.io/v1', 'NetworkPolicy')
    const facts = {
      policies: type === undefined ? [] : this.#store.list(type),
      pods: this.#store.list(POD_TYPE),
      namespaces: this.#store.list(NAMESPACE_TYPE),
      deviceOf: (pod: RawObject) => this.#network.cni.deviceOf(pod),
    }
    await Promise.all(
      this.#network.topology.nodes.map(async ({ name, namespace }) => {
        const wanted = policyChains(name, facts)
        const before = this.#written.get(name) ?? new Map<string, string[]>()
        if (JSON.stringify([...wanted]) === JSON.stringify([...before])) return
        const text = render(wanted, before)
        const { status, stderr } = await runInside(namespace, 'iptables-restore', ['--wait', '5', '--noflush'], text)
        if (status === 0) this.#written.set(name, wanted)
        else process.stderr.write(`Cannot write the rules of NetworkPolicies on ${name}: ${stderr.trim()}\n`)
      }),
    )
  }
}

/** Jumps to the chains stand first, before what else accepts packets; without any policy nothing of all this is there. */
function render(
  wanted: ReadonlyMap<string, readonly string[]>,
  before: ReadonlyMap<string, readonly string[]>,
): string {
  const jumps = [`INPUT -j ${FROM_PODS}`, `FORWARD -j ${TO_PODS}`, `FORWARD -j ${FROM_PODS}`]
  const stale = [...before.keys()].filter((chain) => !wanted.has(chain))
  const dispatch = [FROM_PODS, TO_PODS]
  // A chain goes only when nothing leads to it: those that dispatch last.
  const goes = [
    ...stale.filter((chain) => !dispatch.includes(chain)),
    ...stale.filter((chain) => dispatch.includes(chain)),
  ]
  return [
    '*filter',
    ...[...wanted.keys(), ...stale].map((chain) => `:${chain} - [0:0]`),
    ...(before.size > 0 ? jumps.map((jump) => `-D ${jump}`) : []),
    ...[...wanted].flatMap(([chain, rules]) => rules.map((rule) => `-A ${chain} ${rule}`)),
    ...(wanted.size > 0 ? jumps.map((jump) => `-I ${jump}`) : []),
    ...goes.map((chain) => `-X ${chain}`),
    'COMMIT',
    '',
  ].join('\n')
}
