// Pages for diagnosis beside /metrics, for who asked for them on the command line: a question answered by this very
// server, its upstreams, its configuration. The pod proxy reaches them where no DNS packet can go.
import { TextError, formatRData, query, typeNumber } from '../../dns/index.ts'
import type { Message, ResourceRecord } from '../../dns/index.ts'
import type { HttpQuery, HttpReply } from '../../net/listen/index.ts'
import type { Outcome, PluginEnv, Request } from '../../server/index.ts'
import type { HttpEndpoint } from '../http-endpoint.ts'

/** Mounts the pages; the result takes them back. */
export function mountDebugPages(endpoint: HttpEndpoint, env: PluginEnv): () => void {
  const unmounts = [
    endpoint.mount('/dns-query', (page) => answerQuestion(page, env)),
    endpoint.mount('/debug/upstreams', () => json(200, { schemaVersion: 1, upstreams: upstreamsOf(env) })),
    endpoint.mount('/debug/config', () => json(200, { schemaVersion: 1, ...configurationOf(env) })),
  ]
  return () => {
    for (const unmount of unmounts) unmount()
  }
}

function json(status: number, body: unknown): HttpReply {
  return { status, contentType: 'application/json', body: `${JSON.stringify(body, undefined, 2)}\n` }
}

// --- /dns-query?name=NAME&type=TYPE[&server=LABEL] ---

/** Where the question of a page comes from, for `acl` and `log`. */
const CLIENT = { address: '127.0.0.1', port: 0 } as const

async function answerQuestion({ search }: HttpQuery, env: PluginEnv): Promise<HttpReply> {
  const name = search.get('name')
  const type = (search.get('type') ?? 'A').toUpperCase()
  if (name === null) return json(400, { error: 'the parameter "name" is missing: /dns-query?name=NAME&type=TYPE' })
  if (typeNumber(type) === undefined) return json(400, { error: `"${type}" is no type` })
  const servers = env.blocks().flatMap(({ block }) => block.servers)
  const server = search.get('server') ?? env.block.servers[0] ?? ''
  if (!servers.includes(server)) {
    return json(400, { error: `"${server}" is no listener of this server; there are ${servers.join(', ')}` })
  }
  let message: Message
  try {
    message = query({ name, type, id: env.randomId() })
  } catch (error) {
    if (!(error instanceof TextError)) throw error
    return json(400, { error: error.message })
  }
  const began = env.clock.monotonic()
  const outcome = await env.lookup(requestFor(message, { server, receivedAt: began }))
  const ms = Math.round((env.clock.monotonic() - began) * 1000) / 1000
  return json(200, {
    schemaVersion: 1,
    server,
    question: { name: message.question[0]?.name, type },
    ms,
    ...described(outcome),
  })
}

function requestFor(
  message: Message,
  { server, receivedAt }: { readonly server: string; readonly receivedAt: number },
): Request {
  const question = message.question[0] ?? { name: '.', type: 'A', class: 'IN' }
  return {
    message,
    question,
    name: question.name.toLowerCase(),
    type: question.type,
    class: question.class,
    client: CLIENT,
    local: CLIENT,
    transport: 'tcp',
    family: 1,
    server,
    zone: '.',
    sizeBytes: 0,
    maxSizeBytes: 65_535,
    receivedAt,
    depth: 0,
  }
}

function described(outcome: Outcome): object {
  switch (outcome.kind) {
    case 'drop':
      return { rcode: null, by: outcome.by }
    case 'status':
      return { rcode: outcome.rcode, by: outcome.by, reason: outcome.reason, error: outcome.error?.message }
    case 'answer': {
      const { rcode, flags, answer, authority, additional } = outcome.message
      return {
        rcode,
        flags: Object.entries(flags).flatMap(([flag, isSet]) => (isSet ? [flag] : [])),
        answer: answer.map((record) => describedRecord(record)),
        authority: authority.map((record) => describedRecord(record)),
        additional: additional.map((record) => describedRecord(record)),
        by: outcome.by,
        reason: outcome.reason,
        error: outcome.error?.message,
      }
    }
  }
}

function describedRecord({ name, type, ttl, rdata }: ResourceRecord): object {
  return { name, type, ttl, data: formatRData(rdata) }
}

// --- /debug/upstreams ---

interface UpstreamsApi {
  readonly upstreams: () => readonly unknown[]
}

function upstreamsOf(env: PluginEnv): unknown[] {
  return env
    .blocks()
    .flatMap(({ block, instances }) =>
      [...instances].flatMap(([plugin, { api }]) =>
        hasUpstreams(api)
          ? api.upstreams().map((upstream) => ({ zones: block.zones, plugin, ...Object(upstream) }))
          : [],
      ),
    )
}

function hasUpstreams(api: unknown): api is UpstreamsApi {
  return typeof api === 'object' && api !== null && 'upstreams' in api && typeof api.upstreams === 'function'
}

// --- /debug/config ---

function configurationOf({ source, blocks }: PluginEnv): object {
  const rejected = source.rejected()
  return {
    running: { file: source.file, sha512: source.hash, readAt: new Date(source.readAt).toISOString() },
    rejected: rejected && { sha512: rejected.hash, error: rejected.error, at: new Date(rejected.at).toISOString() },
    blocks: blocks().map(({ block: { zones, servers, directives } }) => ({ zones, servers, directives })),
  }
}
