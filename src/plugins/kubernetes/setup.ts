// kubernetes [ZONES...] { ... }: the directive's tokens to options.
import { parseGoFloat, parseGoInt, quoteGo } from '../../base/index.ts'
import { ONCE_MESSAGE, type Dispenser } from '../../corefile/index.ts'
import type { DomainName } from '../../dns/message.ts'
import { SelectorError, parseSelector, type LabelSelector } from '../../kube/objects/index.ts'
import { DEFAULT_SCHEMA_OPTIONS, isReverseZone, type SchemaOptions } from '../../kube/schema/index.ts'
import type { Fallthrough, SetupContext } from '../../server/index.ts'
import {
  durationArgument,
  fallthroughArguments,
  integerArgument,
  noArguments,
  onlyArgument,
  readValue,
  someArguments,
  zoneArguments,
} from '../arguments.ts'

/** Where the API server is; nothing set means in-cluster credentials. */
export interface ConnectionOptions {
  /** Base URL. */
  readonly endpoint?: string
  /** Paths of client certificate, key and certificate authority. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca: string }
  readonly kubeconfig?: { readonly path: string; readonly context: string | undefined }
  /** Requests per second; absent means no limit of ours. */
  readonly qps?: number
  readonly burst?: number
  readonly maxInflight?: number
}

export interface KubernetesOptions {
  readonly schema: SchemaOptions
  readonly connection: ConnectionOptions
  /** Of Services and EndpointSlices. */
  readonly labels: LabelSelector | undefined
  readonly namespaceLabels: LabelSelector | undefined
  readonly fallthrough: Fallthrough
  /** How long the start waits for the objects, in milliseconds. */
  readonly startupTimeoutMs: number
}

type Draft<Options> = { -readonly [Key in keyof Options]: Options[Key] }
interface Drafts extends Draft<KubernetesOptions> {
  schema: Draft<SchemaOptions>
  connection: Draft<ConnectionOptions>
}

const DEFAULT_STARTUP_TIMEOUT_MS = 5000
const LONGEST_TTL = 3600

/** Reads the directive, which may stand once in a block. @throws {CorefileError} */
export function parseKubernetes(dispenser: Dispenser, context: SetupContext): KubernetesOptions {
  let options: Drafts | undefined
  while (dispenser.next()) {
    if (options !== undefined) throw dispenser.error(ONCE_MESSAGE)
    options = {
      schema: { ...DEFAULT_SCHEMA_OPTIONS, zones: zoneArguments(dispenser, dispenser.remainingArgs(), context) },
      connection: {},
      labels: undefined,
      namespaceLabels: undefined,
      fallthrough: undefined,
      startupTimeoutMs: DEFAULT_STARTUP_TIMEOUT_MS,
    }
    if (options.schema.zones.every(isReverseZone)) throw dispenser.error('non-reverse zone name must be used')
    while (dispenser.nextBlock()) parseOption(dispenser, options, context)
  }
  if (options === undefined) throw dispenser.argError()
  checkTogether(dispenser, options)
  return options
}

function parseOption(dispenser: Dispenser, options: Drafts, context: SetupContext): void {
  const { schema } = options
  const option = dispenser.value()
  switch (option) {
    case 'endpoint_pod_names':
      noArguments(dispenser)
      schema.endpointPodNames = true
      return
    case 'pods':
      schema.pods = podsArgument(dispenser)
      return
    case 'namespaces':
      schema.namespaces = [...schema.namespaces, ...someArguments(dispenser)]
      return
    case 'labels':
      options.labels = selectorArgument(dispenser, 'label selector')
      return
    case 'namespace_labels':
      options.namespaceLabels = selectorArgument(dispenser, 'namespace_label selector')
      return
    case 'fallthrough':
      options.fallthrough = fallthroughArguments(dispenser)
      return
    case 'ttl':
      schema.ttl = ttlArgument(dispenser)
      return
    case 'noendpoints':
      noArguments(dispenser)
      schema.endpoints = false
      return
    case 'zonal':
      noArguments(dispenser)
      schema.zonal = true
      return
    case 'ignore':
      schema.ignoreEmptyService = ignoreArgument(dispenser) || schema.ignoreEmptyService
      return
    case 'multicluster':
      schema.multiclusterZones = multiclusterArguments(dispenser, context)
      return
    case 'startup_timeout':
      options.startupTimeoutMs = startupTimeoutArgument(dispenser)
      return
    default:
      parseConnectionOption(dispenser, options.connection, context)
  }
}

function parseConnectionOption(
  dispenser: Dispenser,
  connection: Draft<ConnectionOptions>,
  context: SetupContext,
): void {
  const option = dispenser.value()
  switch (option) {
    case 'endpoint': {
      const [first = '', ...more] = someArguments(dispenser)
      if (more.length > 0) {
        context.log.warning(
          `Multiple endpoints have been deprecated, only the first specified endpoint '${first}' is used`,
        )
      }
      connection.endpoint = first
      return
    }
    case 'tls': {
      const [cert, key, ca, ...more] = dispenser.remainingArgs()
      if (cert === undefined || key === undefined || ca === undefined || more.length > 0) throw dispenser.argError()
      connection.tls = { cert, key, ca }
      return
    }
    case 'kubeconfig': {
      const [path, name, ...more] = dispenser.remainingArgs()
      if (path === undefined || more.length > 0) throw dispenser.argError()
      connection.kubeconfig = { path, context: name }
      return
    }
    case 'apiserver_qps':
      connection.qps = limitArgument(dispenser, parseGoFloat)
      return
    case 'apiserver_burst':
      connection.burst = limitArgument(dispenser, parseGoInt)
      return
    case 'apiserver_max_inflight':
      connection.maxInflight = limitArgument(dispenser, parseGoInt)
      return
    default:
      throw dispenser.error(`unknown property '${option}'`)
  }
}

function checkTogether(dispenser: Dispenser, { schema, namespaceLabels }: KubernetesOptions): void {
  if (schema.namespaces.length > 0 && namespaceLabels !== undefined) {
    throw dispenser.error('namespaces and namespace_labels cannot both be set')
  }
  for (const zone of schema.multiclusterZones) {
    if (schema.zones.includes(zone)) continue
    throw dispenser.error(
      `is not authoritative for the multicluster zone ${zone} (authoritative zones: [${schema.zones.join(' ')}])`,
    )
  }
  if (schema.zonal && !schema.endpoints) {
    throw dispenser.error('zonal requires the endpoint cache; remove noendpoints')
  }
}

// --- Arguments ---

function podsArgument(dispenser: Dispenser): SchemaOptions['pods'] {
  const mode = onlyArgument(dispenser)
  if (mode === 'disabled' || mode === 'insecure' || mode === 'verified') return mode
  throw dispenser.error(`wrong value for pods: ${mode},  must be one of: disabled, verified, insecure`)
}

function selectorArgument(dispenser: Dispenser, what: string): LabelSelector {
  const text = someArguments(dispenser).join(' ')
  try {
    return parseSelector(text)
  } catch (error) {
    if (error instanceof SelectorError)
      throw dispenser.error(`unable to parse ${what} value: '${text}': ${error.message}`)
    throw error
  }
}

function ttlArgument(dispenser: Dispenser): number {
  const ttl = integerArgument(dispenser, someArguments(dispenser)[0] ?? '')
  if (ttl < 0 || ttl > LONGEST_TTL) throw dispenser.error(`ttl must be in range [0, ${LONGEST_TTL}]: ${ttl}`)
  return ttl
}

function ignoreArgument(dispenser: Dispenser): boolean {
  const [what] = dispenser.remainingArgs()
  if (what === undefined || what === 'empty_service') return what !== undefined
  throw dispenser.error(`unable to parse ignore value: '${what}'`)
}

function multiclusterArguments(dispenser: Dispenser, context: SetupContext): readonly DomainName[] {
  const zones = dispenser.remainingArgs()
  return zones.length === 0 ? [] : zoneArguments(dispenser, zones, context)
}

function startupTimeoutArgument(dispenser: Dispenser): number {
  const [text = ''] = someArguments(dispenser)
  try {
    return durationArgument(dispenser, text)
  } catch {
    throw dispenser.error(`failed to parse startup_timeout: ${text}, expecting a duration such as 5s`)
  }
}

function limitArgument(dispenser: Dispenser, parse: (text: string) => number): number {
  const option = dispenser.value()
  const text = onlyArgument(dispenser)
  const limit = readValue(dispenser, () => parse(text))
  if (Number.isNaN(limit)) throw dispenser.error(`invalid ${option} ${quoteGo(text)}: it is no number`)
  if (limit < 0) throw dispenser.error(`${option} must be >= 0`)
  return limit
}
