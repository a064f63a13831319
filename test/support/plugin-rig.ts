// One plugin as a server block would have it, without a server: options parsed from text, a fake clock, metrics and log
// to look at.
import { posix } from 'node:path'
import { EMPTY_SOURCE, createDispenser, parseCorefile } from '../../src/corefile/index.ts'
import { parseName, query, reverseName, type Message } from '../../src/dns/index.ts'
import {
  createMetrics,
  fail,
  lowerCaseName,
  type BlockInfo,
  type Files,
  type Next,
  type Outcome,
  type Plugin,
  type PluginEnv,
  type PluginInstance,
  type Request,
} from '../../src/server/index.ts'
import { createFakeClock, type FakeClock } from './fake-clock.ts'

export interface RigOptions {
  /** What the plugin passes queries on to; default: the server's "no next plugin". */
  readonly next?: Next
  /** Zones of the block; default the root. */
  readonly zones?: readonly string[]
  /** Texts by absolute path, to be changed by the test; each change needs another `mtimeMs`. */
  readonly files?: Map<string, FakeFile>
  readonly environment?: Readonly<Record<string, string>>
  readonly lookup?: PluginEnv['lookup']
  readonly clock?: FakeClock
  /** Makes the instance in place of the plugin's `create`. */
  readonly create?: (options: unknown, env: PluginEnv) => PluginInstance
}

export interface FakeFile {
  readonly text: string
  readonly mtimeMs: number
}

export interface PluginRig {
  readonly instance: PluginInstance
  readonly clock: FakeClock
  readonly env: PluginEnv
  /** Log lines with their level: `warning File does not exist: x`. */
  readonly log: readonly string[]
  /** The exposition's lines that hold a name. */
  readonly metric: (name: string) => string[]
  readonly ask: (question: QueryText) => Promise<Outcome>
}

/** `NAME TYPE [CLASS]` and flags: `www.example.org A +do +cd +ad +tcp`; `-x ADDRESS` asks for the address's name. */
export type QueryText = string

/** Parses `directive` (all repetitions, as in a Corefile) for `plugin` and makes an instance. */
export function startPlugin<Options>(plugin: Plugin<Options>, directive: string, options: RigOptions = {}): PluginRig {
  const clock = options.clock ?? createFakeClock()
  const { env, log, render } = createTestEnv({ ...options, clock })
  const parsed = parseDirective(plugin, directive, env)
  const instance = options.create === undefined ? plugin.create(parsed, env) : options.create(parsed, env)
  const next = options.next ?? (() => fail('', 'SERVFAIL', 'no next plugin found'))
  return {
    instance,
    clock,
    env,
    log,
    metric: (name) =>
      render()
        .split('\n')
        .filter((line) => !line.startsWith('#') && line.includes(name)),
    ask: async (text) => {
      const request = createRequest(text, { clock, zone: options.zones?.[0] })
      return instance.handler === undefined ? next(request) : await instance.handler(request, next)
    },
  }
}

/** Reads a directive's options as the server would. @throws {CorefileError} */
export function parseDirective<Options>(plugin: Plugin<Options>, directive: string, env: PluginEnv): Options {
  const { blocks } = parseCorefile(`. {\n${directive}\n}\n`, {
    accepts: () => true,
    source: { ...EMPTY_SOURCE, env: (name) => env.environment[name] },
  })
  const found = blocks[0]?.directives.find(({ name }) => name === plugin.name)
  if (found === undefined) throw new TypeError(`no directive ${plugin.name} in: ${directive}`)
  return plugin.parse(createDispenser(found), env)
}

/** A request as the server makes it from a query of {@link QueryText}. */
export function createRequest(
  text: QueryText,
  context: { readonly clock: FakeClock; readonly zone?: string | undefined; readonly client?: string },
): Request {
  const words = text.split(/\s+/).filter((word) => word !== '')
  const flags = new Set(words.filter((word) => word.startsWith('+')))
  const plain = words.filter((word) => !word.startsWith('+'))
  const [name = '.', type = 'A', rrclass = 'IN'] =
    plain[0] === '-x' ? [reverseName(plain[1] ?? '') ?? '.', 'PTR'] : plain
  const message: Message = query({
    name: parseName(name),
    type,
    class: rrclass,
    id: 4711,
    rd: !flags.has('+norec'),
    ad: flags.has('+ad'),
    cd: flags.has('+cd'),
    edns: flags.has('+do') || flags.has('+edns') ? { dnssecOk: flags.has('+do') } : undefined,
  })
  const question = message.question[0] ?? { name, type, class: rrclass }
  return {
    message,
    question,
    name: lowerCaseName(question.name),
    type: question.type,
    class: question.class,
    client: { address: context.client ?? '10.244.1.7', port: 40_212 },
    local: { address: '10.96.0.10', port: 53 },
    transport: flags.has('+tcp') ? 'tcp' : 'udp',
    family: 1,
    server: 'dns://:53',
    zone: context.zone ?? '.',
    sizeBytes: 60,
    maxSizeBytes: flags.has('+tcp') ? 65_535 : 1232,
    receivedAt: context.clock.monotonic(),
    depth: 0,
  }
}

/** An environment that opens nothing, with its log and its metrics. */
export function createTestEnv(options: RigOptions & { readonly clock: FakeClock }): {
  readonly env: PluginEnv
  readonly log: readonly string[]
  readonly render: () => string
} {
  const log: string[] = []
  const metrics = createMetrics()
  const shared = new Map<string, unknown>()
  let id = 0
  const logger = {
    debug: (line: string): void => void log.push(`debug ${line}`),
    info: (line: string): void => void log.push(`info ${line}`),
    warning: (line: string): void => void log.push(`warning ${line}`),
    error: (line: string): void => void log.push(`error ${line}`),
  }
  const zones = options.zones ?? ['.']
  const block: BlockInfo = {
    zones,
    keys: zones.map((zone) => ({ zone, transport: 'dns', port: 53 })),
    transport: 'dns',
    port: 53,
    addresses: [],
    servers: ['dns://:53'],
    directives: [],
    file: 'Corefile',
    line: 1,
  }
  const env: PluginEnv = {
    block,
    root: '/',
    log: logger,
    rootLog: logger,
    files: createFiles(options.files ?? new Map()),
    environment: options.environment ?? {},
    configure: () => undefined,
    clock: options.clock,
    network: { listenAt: (endpoint) => endpoint, callTo: (endpoint) => endpoint },
    metrics,
    randomId: () => (id = (id + 1) & 0xff_ff),
    lookup: options.lookup ?? (() => fail('', 'SERVFAIL', 'no look-ups in this test')),
    render: () => undefined,
    siblings: () => new Map(),
    listeners: () => [],
    source: { file: 'Corefile', readAt: 0, hash: '', currentHash: () => '', rejected: () => undefined },
    features: { debugPages: false, explainErrors: false },
    blocks: () => [],
    fatal: (message) => {
      throw new Error(message)
    },
    reload: () => Promise.resolve(),
    isShuttingDown: () => false,
    shared: <T>(key: string, make: () => T): T => {
      if (!shared.has(key)) shared.set(key, make())
      return shared.get(key) as T
    },
  }
  return { env, log, render: () => metrics.render() }
}

function createFiles(files: ReadonlyMap<string, FakeFile>): Files {
  return {
    readText(path) {
      const file = files.get(path)
      if (file === undefined) {
        throw Object.assign(new Error(`ENOENT: no such file or directory, open '${path}'`), { code: 'ENOENT' })
      }
      return file.text
    },
    stat(path) {
      const file = files.get(path)
      return file && { mtimeMs: file.mtimeMs, sizeBytes: Buffer.byteLength(file.text), isDirectory: false }
    },
    list: (directory) =>
      [...files.keys()].filter((path) => posix.dirname(path) === directory).map((path) => posix.basename(path)),
  }
}
