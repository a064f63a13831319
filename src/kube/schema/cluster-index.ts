// The objects of a cluster arranged for questions: by namespace and name, and by address. Changes touch only what changed.
import { intern, matchesLabelSelector } from '../objects/index.ts'
import type {
  EndpointSlice,
  KubeObject,
  LabelSelector,
  Namespace,
  Pod,
  Service,
  ServiceImport,
} from '../objects/index.ts'
import { ChangeMarks } from './change-marks.ts'
import { canonicalAddress } from './canonical-address.ts'
import type { ObjectRef } from './answer.ts'
import type { PodEntry, ServiceEntry, SliceEntry } from './entries.ts'
import { MULTICLUSTER_NAME_LABEL, importFields, serviceFields, sliceEntry } from './entry-readers.ts'

export interface IndexOptions {
  /** Services and slices without these labels are left out. */
  readonly labels?: LabelSelector | undefined
  /** Namespaces without these labels are left out, and all they hold. */
  readonly namespaceLabels?: LabelSelector | undefined
  /** Keep pods' labels, for metadata. */
  readonly podLabels?: boolean
}

/** Everything kept of one namespace. */
interface NamespaceEntry {
  exists: boolean
  readonly services: Map<string, ServiceEntry>
  readonly imports: Map<string, ServiceEntry>
}

/** Something that has an address: one holder as itself, several as an array. */
type Holders<Holder> = Map<string, Holder | readonly Holder[]>

/**
 * A cluster's Services, EndpointSlices, ServiceImports, Pods and Namespaces, looked up by the schema.
 *
 * `apply` adds or replaces an object, `remove` takes one out; both cost what the object holds, whatever the size of the
 * cluster.
 */
export class ClusterIndex {
  readonly #options: IndexOptions
  readonly #namespaces = new Map<string, NamespaceEntry>()
  /** Slices by `namespace/name`. */
  readonly #slices = new Map<string, SliceEntry>()
  readonly #pods = new Map<string, { readonly entry: PodEntry; readonly addresses: readonly string[] }>()
  readonly #byServiceAddress: Holders<ServiceEntry> = new Map()
  readonly #byExternalAddress: Holders<ServiceEntry> = new Map()
  readonly #byEndpointAddress: Holders<SliceEntry> = new Map()
  readonly #byPodAddress: Holders<PodEntry> = new Map()
  #endpointCount = 0
  /** What questions read and changes touch. */
  readonly marks: ChangeMarks = new ChangeMarks()

  constructor(options: IndexOptions = {}) {
    this.#options = options
  }

  /** Adds or replaces an object; kinds that mean nothing to DNS are passed over. */
  apply(object: KubeObject): void {
    this.marks.next()
    switch (object.kind) {
      case 'Service':
        return this.#applyService(object)
      case 'EndpointSlice':
        return this.#applySlice(object)
      case 'Pod':
        return this.#applyPod(object)
      case 'Namespace':
        return this.#applyNamespace(object)
      case 'ServiceImport':
        return this.#applyImport(object)
      default:
    }
  }

  /** Takes an object out; one that is not there does no harm. */
  remove(ref: ObjectRef): void {
    this.marks.next()
    switch (ref.kind) {
      case 'Service':
        return this.#setService(ref, undefined)
      case 'EndpointSlice':
        return this.#removeSlice(`${ref.namespace}/${ref.name}`)
      case 'Pod':
        return this.#removePod(`${ref.namespace}/${ref.name}`)
      case 'Namespace':
        return this.#setNamespace(ref.name, false)
      case 'ServiceImport':
        return this.#setImport(ref, undefined)
    }
  }

  // --- Questions ---

  hasNamespace(namespace: string): boolean {
    this.marks.read(namespace)
    return this.#namespaces.get(namespace)?.exists ?? false
  }

  /** A Service, or slices that name a Service that does not exist; undefined when there is neither. */
  service(namespace: string, name: string): ServiceEntry | undefined {
    this.marks.read(namespace, name)
    return this.#namespaces.get(namespace)?.services.get(name)
  }

  serviceImport(namespace: string, name: string): ServiceEntry | undefined {
    this.marks.read(namespace, name)
    return this.#namespaces.get(namespace)?.imports.get(name)
  }

  /** Services with this cluster IP, in order of their names. */
  servicesAt(address: string): readonly ServiceEntry[] {
    return this.#readServices(address, holdersOf(this.#byServiceAddress, address))
  }

  /** Services with this address outside the cluster. */
  externalServicesAt(address: string): readonly ServiceEntry[] {
    return this.#readServices(address, holdersOf(this.#byExternalAddress, address))
  }

  /** Slices with this address among their ready endpoints. */
  slicesAt(address: string): readonly SliceEntry[] {
    this.marks.read(address)
    const slices = holdersOf(this.#byEndpointAddress, address)
    for (const { owner } of slices) this.marks.read(owner.namespace, owner.name)
    return slices
  }

  /** Pods with this address; several when they share their node's network. */
  podsAt(address: string): readonly PodEntry[] {
    this.marks.read(address)
    return holdersOf(this.#byPodAddress, address)
  }

  *namespaces(): IterableIterator<string> {
    this.marks.readAll()
    for (const [name, { exists }] of this.#namespaces) if (exists) yield name
  }

  /** Every Service that exists, of one namespace or of all. */
  *services(namespace?: string): IterableIterator<ServiceEntry> {
    this.marks.readAll()
    const entries =
      namespace === undefined
        ? this.#namespaces.values()
        : [this.#namespaces.get(namespace)].filter((e) => e !== undefined)
    for (const { services } of entries) {
      for (const service of services.values()) if (service.fields !== undefined) yield service
    }
  }

  counts(): { readonly services: number; readonly slices: number; readonly endpoints: number; readonly pods: number } {
    let services = 0
    for (const _ of this.services()) services += 1
    return { services, slices: this.#slices.size, endpoints: this.#endpointCount, pods: this.#pods.size }
  }

  #readServices(address: string, services: readonly ServiceEntry[]): readonly ServiceEntry[] {
    this.marks.read(address)
    for (const { namespace, name } of services) this.marks.read(namespace, name)
    return services
  }

  // --- Changes ---

  #applyNamespace({ meta }: Namespace): void {
    const { namespaceLabels } = this.#options
    this.#setNamespace(meta.name, namespaceLabels === undefined || matchesLabelSelector(namespaceLabels, meta.labels))
  }

  #setNamespace(name: string, exists: boolean): void {
    this.marks.touch(name)
    if (!exists && !this.#namespaces.has(name)) return
    const entry = this.#namespace(name)
    entry.exists = exists
    this.#dropNamespaceIfEmpty(name, entry)
  }

  #applyService(service: Service): void {
    const ref: ObjectRef = { kind: 'Service', namespace: service.meta.namespace, name: service.meta.name }
    this.#setService(ref, this.#isSelected(service.meta.labels) ? serviceFields(service, ref) : undefined)
  }

  #setService(ref: ObjectRef, fields: ServiceEntry['fields']): void {
    this.marks.touch(ref.namespace, ref.name)
    const found = this.service(ref.namespace, ref.name)
    if (found === undefined && fields === undefined) return
    const entry = found ?? this.#service(ref.namespace, ref.name, 'services')
    const before = clusterAddresses(entry)
    const externalBefore = entry.fields?.external?.ips ?? []
    entry.fields = fields
    const externalAfter = fields?.external?.ips ?? []
    this.#rehold(this.#byExternalAddress, { from: entry, to: entry, before: externalBefore, after: externalAfter })
    this.#rehold(this.#byServiceAddress, { from: entry, to: entry, before, after: clusterAddresses(entry) })
    this.#dropServiceIfEmpty(entry, 'services')
  }

  #applyImport(object: ServiceImport): void {
    const ref: ObjectRef = { kind: 'ServiceImport', namespace: object.meta.namespace, name: object.meta.name }
    this.#setImport(ref, importFields(object, ref))
  }

  #setImport(ref: ObjectRef, fields: ServiceEntry['fields']): void {
    this.marks.touch(ref.namespace, ref.name)
    const found = this.serviceImport(ref.namespace, ref.name)
    if (found === undefined && fields === undefined) return
    const entry = found ?? this.#service(ref.namespace, ref.name, 'imports')
    entry.fields = fields
    this.#dropServiceIfEmpty(entry, 'imports')
  }

  #applySlice(slice: EndpointSlice): void {
    const { namespace, labels } = slice.meta
    const key = `${namespace}/${slice.meta.name}`
    const imported = slice.service === '' ? (labels[MULTICLUSTER_NAME_LABEL] ?? '') : ''
    const owner = slice.service || imported
    if (owner === '' || !this.#isSelected(labels)) return this.#removeSlice(key)
    const side = imported === '' ? 'services' : 'imports'
    const service = this.#service(namespace, owner, side)
    const entry = sliceEntry(slice, service)
    const before = this.#slices.get(key)
    if (before !== undefined && before.owner !== service) this.#removeSlice(key)
    const replaced = before?.owner === service ? before : undefined
    this.marks.touch(namespace, owner)
    this.#slices.set(key, entry)
    this.#endpointCount += entry.addresses.length - (replaced?.addresses.length ?? 0)
    service.slices = withSlice(service.slices, entry)
    if (side === 'services') {
      this.#rehold(this.#byEndpointAddress, {
        from: replaced,
        to: entry,
        before: replaced?.addresses ?? [],
        after: entry.addresses,
      })
    }
  }

  #removeSlice(key: string): void {
    const slice = this.#slices.get(key)
    if (slice === undefined) return
    this.#slices.delete(key)
    this.#endpointCount -= slice.addresses.length
    const { owner } = slice
    this.marks.touch(owner.namespace, owner.name)
    owner.slices = owner.slices.filter((other) => other !== slice)
    this.#rehold(this.#byEndpointAddress, { from: slice, to: undefined, before: slice.addresses, after: [] })
    this.#dropServiceIfEmpty(owner, slice.imported ? 'imports' : 'services')
  }

  #applyPod(pod: Pod): void {
    const key = `${pod.meta.namespace}/${pod.meta.name}`
    const gone = pod.phase === 'Succeeded' || pod.phase === 'Failed' || pod.phase === 'Unknown'
    if (gone || pod.meta.deletionTimestamp !== undefined || pod.podIPs.length === 0) return this.#removePod(key)
    const entry: PodEntry = {
      namespace: intern(pod.meta.namespace),
      name: pod.meta.name,
      labels: this.#options.podLabels ? pod.meta.labels : undefined,
    }
    const addresses = pod.podIPs.map(canonicalAddress)
    const before = this.#pods.get(key)
    this.#pods.set(key, { entry, addresses })
    this.#rehold(this.#byPodAddress, {
      from: before?.entry,
      to: entry,
      before: before?.addresses ?? [],
      after: addresses,
    })
  }

  #removePod(key: string): void {
    const pod = this.#pods.get(key)
    if (pod === undefined) return
    this.#pods.delete(key)
    this.#rehold(this.#byPodAddress, { from: pod.entry, to: undefined, before: pod.addresses, after: [] })
  }

  #rehold<Holder>(holders: Holders<Holder>, change: HolderChange<Holder>): void {
    for (const address of change.before) this.marks.touch(address)
    for (const address of change.after) this.marks.touch(address)
    rehold(holders, change)
  }

  #isSelected(labels: Readonly<Record<string, string>>): boolean {
    return this.#options.labels === undefined || matchesLabelSelector(this.#options.labels, labels)
  }

  #namespace(name: string): NamespaceEntry {
    let entry = this.#namespaces.get(name)
    if (entry === undefined) {
      entry = { exists: false, services: new Map(), imports: new Map() }
      this.#namespaces.set(intern(name), entry)
    }
    return entry
  }

  #service(namespace: string, name: string, side: 'imports' | 'services'): ServiceEntry {
    const entries = this.#namespace(namespace)[side]
    let entry = entries.get(name)
    if (entry === undefined) {
      entry = { namespace: intern(namespace), name, fields: undefined, slices: [] }
      entries.set(name, entry)
    }
    return entry
  }

  #dropServiceIfEmpty(entry: ServiceEntry, side: 'imports' | 'services'): void {
    if (entry.fields !== undefined || entry.slices.length > 0) return
    const namespace = this.#namespaces.get(entry.namespace)
    if (namespace === undefined) return
    namespace[side].delete(entry.name)
    this.#dropNamespaceIfEmpty(entry.namespace, namespace)
  }

  #dropNamespaceIfEmpty(name: string, { exists, services, imports }: NamespaceEntry): void {
    if (!exists && services.size === 0 && imports.size === 0) this.#namespaces.delete(name)
  }
}

function clusterAddresses({ fields }: ServiceEntry): readonly string[] {
  return fields?.kind === 'cluster-ip' ? fields.addresses : []
}

/** The slices of a Service with one added or replaced, in order of their names. */
function withSlice(slices: readonly SliceEntry[], entry: SliceEntry): readonly SliceEntry[] {
  const same = slices.findIndex((other) => other.ref.name === entry.ref.name)
  if (same >= 0) return slices.with(same, entry)
  const after = slices.findIndex((other) => other.ref.name > entry.ref.name)
  return slices.toSpliced(after < 0 ? slices.length : after, 0, entry)
}

// --- Who holds an address ---

function holdersOf<Holder>(holders: Holders<Holder>, address: string): readonly Holder[] {
  const held = holders.get(address)
  if (held === undefined) return []
  return isSeveral(held) ? held : [held]
}

interface HolderChange<Holder> {
  readonly from: Holder | undefined
  readonly to: Holder | undefined
  readonly before: readonly string[]
  readonly after: readonly string[]
}

/** Moves a holder from the addresses it had to those it has; addresses in both keep their place among other holders. */
function rehold<Holder>(holders: Holders<Holder>, change: HolderChange<Holder>): void {
  const { from, to, before, after } = change
  if (from !== undefined) {
    const kept = to === undefined ? undefined : new Set(after)
    for (const address of before) {
      if (to !== undefined && kept?.has(address)) replace(holders, address, { from, to })
      else release(holders, address, from)
    }
  }
  if (to !== undefined) for (const address of after) hold(holders, address, to)
}

function hold<Holder>(holders: Holders<Holder>, address: string, holder: Holder): void {
  const held = holders.get(address)
  if (held === undefined) holders.set(address, holder)
  else if (isSeveral(held)) {
    if (!held.includes(holder)) holders.set(address, [...held, holder])
  } else if (held !== holder) holders.set(address, [held, holder])
}

/** Puts one holder in another's place, so that the order of several stays. */
function replace<Holder>(holders: Holders<Holder>, address: string, { from, to }: { from: Holder; to: Holder }): void {
  if (from === to) return
  const held = holders.get(address)
  if (held === from) holders.set(address, to)
  else if (held !== undefined && isSeveral(held)) {
    holders.set(
      address,
      held.map((other) => (other === from ? to : other)),
    )
  }
}

function release<Holder>(holders: Holders<Holder>, address: string, holder: Holder): void {
  const held = holders.get(address)
  if (held === holder) holders.delete(address)
  else if (held !== undefined && isSeveral(held)) {
    const rest = held.filter((other) => other !== holder)
    const [only] = rest
    if (rest.length === 1 && only !== undefined) holders.set(address, only)
    else if (rest.length > 1) holders.set(address, rest)
    else holders.delete(address)
  }
}

function isSeveral<Holder>(held: Holder | readonly Holder[]): held is readonly Holder[] {
  return Array.isArray(held)
}
