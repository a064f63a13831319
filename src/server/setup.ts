// From parsed server blocks to plugin instances and chains: directive by directive in plugin order, within it block by
// block. Opens nothing; what fails here leaves nothing behind but what `shared` made, which its scope gives back.
import type { Clock, Eventual } from '../base/index.ts'
import {
  CorefileError,
  DIRECTIVE_ORDER,
  checkOverlap,
  createDispenser,
  parseError,
  parseKeys,
  pluginError,
} from '../corefile/index.ts'
import type { Directive, ServedZone, ServerBlock, Token } from '../corefile/index.ts'
import { buildChain } from './chain.ts'
import type { Link } from './chain.ts'
import type { HotChain, HotTrait } from './hot/index.ts'
import type { Log } from './log.ts'
import type {
  BlockInfo,
  BlockInstances,
  BlockSettings,
  BoundListener,
  ConfigurationSource,
  Features,
  Files,
  Metrics,
  Network,
  Plugin,
  PluginEnv,
  PluginInstance,
  PluginRegistry,
  SetupContext,
} from './plugin.ts'
import type { Next, Outcome, Request } from './handler.ts'

/** What setting up needs from the server. */
export interface SetupDeps {
  readonly plugins: PluginRegistry
  readonly files: Files
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
  readonly network: Network
  readonly metrics: Metrics
  readonly log: Log
  readonly randomId: () => number
  /** Port of keys without scheme and port. */
  readonly defaultPort: number
  readonly source: ConfigurationSource
  readonly features: Features
  readonly lookup: (request: Request) => Outcome | Eventual<Outcome>
  readonly render: (request: Request, outcome: Outcome) => Uint8Array | undefined
  readonly listeners: (block: BlockInfo) => readonly BoundListener[]
  readonly fatal: (message: string) => void
  readonly reload: () => Promise<void>
  readonly isShuttingDown: () => boolean
  readonly shared: PluginEnv['shared']
}

/** A block ready to serve. */
export interface ConfiguredBlock {
  readonly block: BlockInfo
  readonly settings: Readonly<BlockSettings>
  readonly zones: readonly ServedZone[]
  /** The first token of each directive, by its name. */
  readonly places: ReadonlyMap<string, Token>
  /** By directive name, in plugin order. */
  readonly instances: ReadonlyMap<string, PluginInstance>
  readonly chain: Next | undefined
  readonly hot: HotChain
  readonly anyClass: boolean
}

/**
 * Sets the blocks up.
 *
 * @throws {CorefileError} from keys and options; `plugin/NAME: …` for the latter
 */
export async function setUpBlocks(blocks: readonly ServerBlock[], deps: SetupDeps): Promise<ConfiguredBlock[]> {
  const drafts = blocks.map((block) => draftOf(block, deps))
  const plugins = await loadPlugins(blocks, deps.plugins)
  const steps = orderedSteps(drafts, plugins)
  const options = steps.map(({ draft, directive, plugin }) =>
    guarded(directive, () => {
      refusePlaceholders(directive)
      return plugin.parse(createDispenser(directive), contextOf(draft, plugin.name, deps))
    }),
  )
  checkOverlap(
    drafts.flatMap(({ zones, block }) =>
      (block.addresses.length === 0 ? [''] : block.addresses).flatMap((address) =>
        zones.map((zone) => ({ ...zone, address })),
      ),
    ),
  )
  for (const [index, { draft, directive, plugin }] of steps.entries()) {
    const env = envOf(draft, { plugin: plugin.name, deps, blocks: () => drafts })
    const instance = guarded(directive, () => plugin.create(options[index], env))
    draft.instances.set(plugin.name, instance)
  }
  return drafts.map(({ block, parsed, settings, zones, instances }) => ({
    block,
    settings,
    zones,
    places: placesOf(parsed),
    instances,
    chain: buildChain(linksOf(instances)),
    hot: hotChainOf(instances),
    anyClass: [...instances.values()].some(({ anyClass }) => anyClass === true),
  }))
}

// --- Steps ---

interface Draft {
  readonly block: BlockInfo & { addresses: string[]; readonly servers: readonly string[] }
  readonly parsed: ServerBlock
  readonly zones: readonly ServedZone[]
  settings: BlockSettings
  readonly instances: Map<string, PluginInstance>
}

interface Step {
  readonly draft: Draft
  readonly directive: Directive
  readonly plugin: Plugin
}

function draftOf(parsed: ServerBlock, { defaultPort }: SetupDeps): Draft {
  const zones = parseKeys(parsed, defaultPort)
  const [first] = zones
  const { file, line } = parsed.keys[0] ?? { file: '', line: 0 }
  const names = new Set(parsed.directives.map(({ name }) => name))
  const keys = zones.map(({ zone, transport, port }) => ({ zone, transport, port }))
  const addresses: string[] = []
  const block = {
    zones: [...new Set(zones.map(({ zone }) => zone))],
    keys,
    transport: first?.transport ?? 'dns',
    port: first?.port ?? defaultPort,
    addresses,
    get servers() {
      const hosts = addresses.length === 0 ? [''] : addresses
      return [...new Set(hosts.flatMap((address) => keys.map((key) => serverLabel({ ...key, address }))))]
    },
    directives: DIRECTIVE_ORDER.filter((name) => names.has(name)),
    file,
    line,
  } as const
  return { block, parsed, zones, settings: {}, instances: new Map() }
}

function placesOf({ directives }: ServerBlock): ReadonlyMap<string, Token> {
  return new Map(directives.flatMap(({ name, tokens: [first] }) => (first === undefined ? [] : [[name, first]])))
}

/** quic:// is left to the start, which refuses it too: a Corefile with it is a right one, and a check must say so. */
const UNSERVED: readonly string[] = ['grpc', 'https3']

/**
 * Refuses what can be read but not be listened on.
 *
 * @throws {CorefileError} for schemes of CoreDNS that this program has no listener for
 */
export function refuseUnserved(blocks: readonly Pick<ConfiguredBlock, 'zones'>[]): void {
  for (const { transport, at } of blocks.flatMap(({ zones }) => zones)) {
    if (!UNSERVED.includes(transport)) continue
    const message = `${at.file}:${at.line} - Error during parsing: ${transport}:// is not served by this program: ${at.text}`
    const hint = 'Served are plain DNS, tls:// and https://; remove the key, or leave this block to CoreDNS'
    throw new CorefileError('bad-key', message, { at, hint })
  }
}

/** The names that a node-local template's installer or node-cache replaces; the cluster domain's is a zone name that can be served. */
const PLACEHOLDER = /__PILLAR__(?!DNS__DOMAIN__)\w|__PROMETHEUS__ENDPOINT__/

/** @throws {CorefileError} in CoreDNS's words for what *forward* finds there */
function refusePlaceholders({ tokens }: Directive): void {
  const at = tokens.find(({ text }) => PLACEHOLDER.test(text))
  if (at === undefined) return
  const hint =
    'A placeholder of a NodeLocal DNSCache template: "fathom node-cache" fills those in that node-cache does, "fathom serve" takes the text as it is; see -basecorefile'
  throw parseError('bad-directive', `not an IP address or file: "${at.text}"`, { at, hint })
}

/** Label value of a listener: `dns://:53`, `tls://10.0.0.1:853`, `dns://[::1]:53`. */
export function serverLabel(listener: {
  readonly transport: string
  readonly address: string
  readonly port: number
}): string {
  const { transport, address, port } = listener
  return `${transport}://${address.includes(':') ? `[${address}]` : address}:${port}`
}

async function loadPlugins(
  blocks: readonly ServerBlock[],
  registry: PluginRegistry,
): Promise<ReadonlyMap<string, Plugin>> {
  const names = [...new Set(blocks.flatMap(({ directives }) => directives.map(({ name }) => name)))]
  const loaded = await Promise.all(
    names.map(async (name) => {
      const load = registry[name]
      return load === undefined ? [] : [[name, await load()] as const]
    }),
  )
  return new Map(loaded.flat())
}

function orderedSteps(drafts: readonly Draft[], plugins: ReadonlyMap<string, Plugin>): Step[] {
  const position = new Map(DIRECTIVE_ORDER.map((name, index) => [name, index]))
  const steps = drafts.flatMap((draft) =>
    draft.parsed.directives.map((directive) => {
      const plugin = plugins.get(directive.name)
      if (plugin !== undefined) return { draft, directive, plugin }
      const [at] = directive.tokens
      if (at === undefined) throw new TypeError(`directive ${directive.name} has no tokens`)
      throw parseError('unknown-directive', `Unknown directive '${directive.name}'`, { at })
    }),
  )
  // The sort is stable: blocks keep the order of the text.
  return steps.toSorted((a, b) => (position.get(a.plugin.name) ?? 0) - (position.get(b.plugin.name) ?? 0))
}

function guarded<T>(directive: Directive, work: () => T): T {
  try {
    return work()
  } catch (error) {
    const [at] = directive.tokens
    throw at === undefined ? error : pluginError(directive.name, error, at)
  }
}

function linksOf(instances: ReadonlyMap<string, PluginInstance>): Link[] {
  return [...instances].flatMap(([name, { handler }]) => (handler === undefined ? [] : [{ name, handler }]))
}

/** Whose answers may be kept: those of plugins that stand behind none but such as let it. */
function hotChainOf(instances: ReadonlyMap<string, PluginInstance>): HotChain {
  const chain = new Map<string, readonly HotTrait[]>()
  let passed: readonly HotTrait[] = []
  for (const [name, { handler, hot }] of instances) {
    if (handler === undefined) continue
    // A plugin that looks at clients when it passes queries on does so too when it answers them.
    chain.set(name, hot?.perClient === true ? [...passed, { perClient: true }] : passed)
    if (hot === undefined) break
    passed = [...passed, hot]
  }
  return chain
}

// --- What plugins see ---

function contextOf(draft: Draft, plugin: string, deps: SetupDeps): SetupContext {
  return {
    block: draft.block,
    get root() {
      return draft.settings.root ?? '.'
    },
    log: deps.log.for(plugin),
    files: deps.files,
    environment: deps.environment,
    configure({ addresses, ...settings }) {
      draft.settings = { ...draft.settings, ...settings }
      if (addresses !== undefined) draft.block.addresses.push(...addresses)
      if (settings.debug === true) deps.log.setDebug(true)
    },
  }
}

interface EnvParts {
  readonly plugin: string
  readonly deps: SetupDeps
  readonly blocks: () => readonly BlockInstances[]
}

function envOf(draft: Draft, { plugin, deps, blocks }: EnvParts): PluginEnv {
  const { clock, network, metrics, randomId, lookup, render, source, features, reload, isShuttingDown, shared } = deps
  const { block, root, log, files, environment, configure } = contextOf(draft, plugin, deps)
  return {
    block,
    root,
    log,
    files,
    environment,
    configure,
    clock,
    network,
    metrics,
    randomId,
    lookup,
    render,
    source,
    features,
    blocks,
    reload,
    isShuttingDown,
    shared,
    siblings: () => draft.instances,
    listeners: () => deps.listeners(block),
    rootLog: deps.log.for(),
    fatal: (message) => deps.fatal(`plugin/${plugin}: ${message}`),
  }
}
