// How the server bears a large cluster: time until it is ready, memory, and how fast a change is in its answers.
// The cluster is made up and served by a process of its own.
// The server's own share of a change is about 0.1 ms; what is seen beyond it is HTTP, the client and whoever else wants the
// cores (compare the last column; `chrt -r 10 node scripts/bench-scale.mjs` keeps others away).
// With COREDNS=path/to/coredns that server is measured in the same run, round by round in turn.
import { fork, spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { FATHOM, encodeQuery, freePort, pause } from './support/loopback.mjs'
import { readOptions } from './support/options.mjs'
import { cpuSeconds, memoryMb } from './support/process-figures.mjs'

const HELP = `usage: npm run bench:scale -- [options]

  --services N   (default 10000)
  --endpoints N  of each Service (default 10)
  --rounds N     (default 3)
  --changes N    (default 200)
  --server TEXT  how a server is started (default this one: 'CMD -conf {corefile}')
  --help         print this`

const SELF = new URL(import.meta.url).pathname
/** A server that takes longer for anything has failed. */
const LONGEST_WAIT_MS = 60_000
/** Questions before the first that is timed: the client's own code is cold too. */
const WARM_UP = 200

async function main() {
  const values = readOptions(HELP, { services: 10_000, endpoints: 10, rounds: 3, changes: 200, server: FATHOM })
  const { services, endpoints, changes } = values
  const programs = { fathom: values.server }
  if (process.env.COREDNS) programs.coredns = `${process.env.COREDNS} -conf {corefile}`
  const [{ model }] = cpus()
  process.stdout.write(`${model}, ${cpus().length} cores, Node ${process.version}\n`)
  process.stdout.write(`${services} Services with ${services * endpoints} endpoints, ${values.rounds} rounds\n`)
  const results = Object.fromEntries(Object.keys(programs).map((name) => [name, []]))
  for (let round = 0; round < values.rounds; round += 1) {
    for (const [name, command] of Object.entries(programs)) {
      results[name].push(await measure(command, { services, endpoints, changes }))
    }
  }
  process.stdout.write(
    `program   ready s   its CPU s   RSS MB   peak MB   re-list peak MB   change in answers ms   question alone ms (${SPREAD})\n`,
  )
  for (const [name, rounds] of Object.entries(results)) {
    const of = (key) => median(rounds.map((one) => one[key]))
    process.stdout.write(
      `${name.padEnd(8)}  ${of('readyS').toFixed(2).padStart(7)}  ${of('readyCpuS').toFixed(2).padStart(10)}  ${of('rssMb').toFixed(0).padStart(7)}  ${of('peakMb').toFixed(0).padStart(8)}` +
        `  ${of('relistPeakMb').toFixed(0).padStart(16)}  ${spread(rounds.flatMap(({ changes }) => changes)).padStart(21)}` +
        `  ${spread(rounds.flatMap(({ unchanged }) => unchanged)).padStart(18)}\n`,
    )
  }
}

const SPREAD = 'median / 95th / 99th / worst'

function spread(times) {
  const sorted = times.toSorted((a, b) => a - b)
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))].toFixed(1)
  return [at(0.5), at(0.95), at(0.99), at(1)].join(' / ')
}

async function measure(command, size) {
  const api = await startApi(size)
  const directory = mkdtempSync(join(tmpdir(), 'fathom-bench-'))
  const ports = { dns: await freePort(), ready: await freePort() }
  const corefile = join(directory, 'Corefile')
  writeFileSync(
    corefile,
    `.:${ports.dns} {\n  bind 127.0.0.1\n  ready 127.0.0.1:${ports.ready}\n` +
      `  kubernetes cluster.local in-addr.arpa {\n    endpoint http://127.0.0.1:${api.port}\n  }\n}\n`,
  )
  const startedAt = performance.now()
  const [program, ...args] = command.replace('{corefile}', corefile).split(' ')
  const server = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  try {
    await readyAt(ports.ready, server)
    const readyS = (performance.now() - startedAt) / 1000
    const readyCpuS = cpuSeconds(server.pid)
    // The same questions without a change: what the client and a shared machine take by themselves.
    const unchanged = []
    for (let times = 0; times < WARM_UP + size.changes; times += 1) {
      const askedAt = performance.now()
      await ask(ports.dns, 'svc-1.ns-1.svc.cluster.local')
      if (times >= WARM_UP) unchanged.push(performance.now() - askedAt)
    }
    const changes = []
    for (let change = 0; change < size.changes; change += 1) changes.push(await timeChange(api, ports.dns, change))
    await pause(3000)
    const rssMb = memoryMb(server.pid, 'VmRSS')
    const peakMb = memoryMb(server.pid, 'VmHWM')
    await api.ask({ expire: true })
    await pause(6000)
    const seen = await ask(ports.dns, 'svc-1.ns-1.svc.cluster.local')
    if (seen === undefined) throw new Error('no answer after the list was read again')
    const relistPeakMb = memoryMb(server.pid, 'VmHWM')
    return {
      readyS,
      readyCpuS,
      rssMb,
      peakMb,
      relistPeakMb,
      changes,
      unchanged,
    }
  } finally {
    server.kill('SIGKILL')
    api.close()
    rmSync(directory, { recursive: true, force: true })
  }
}

/** Changes a Service's address and asks until the answer shows it; milliseconds from the event's leaving the API. */
async function timeChange(api, port, change) {
  const address = `10.200.${change >> 8}.${change & 255}`
  const { sentAt } = await api.ask({ change: address })
  const until = performance.now() + LONGEST_WAIT_MS
  for (;;) {
    if (performance.now() > until) throw new Error(`the change to ${address} is not answered`)
    const answer = await ask(port, 'svc-0.ns-0.svc.cluster.local')
    if (answer?.endsWith(address)) return Number(process.hrtime.bigint() - BigInt(sentAt)) / 1e6
  }
}

async function readyAt(port, server) {
  const until = performance.now() + LONGEST_WAIT_MS
  for (;;) {
    if (performance.now() > until) throw new Error('the server is not ready')
    if (server.exitCode !== null) throw new Error(`the server ended with ${server.exitCode}`)
    const ok = await fetch(`http://127.0.0.1:${port}/ready`).then(
      ({ status }) => status === 200,
      () => false,
    )
    if (ok) return
    await pause(5)
  }
}

// --- A question over UDP; enough of the message format for one A record ---

const socket = createSocket('udp4').unref()
const waiting = new Map()
let nextId = 1
socket.on('message', (message) => waiting.get(message.readUInt16BE(0))?.(message))

function ask(port, name) {
  const id = (nextId = (nextId + 1) & 0xff_ff)
  const query = encodeQuery(id, name)
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(undefined), 500)
    waiting.set(id, (message) => {
      clearTimeout(timer)
      waiting.delete(id)
      resolve(message.readUInt16BE(6) === 0 ? undefined : `A ${[...message.subarray(message.length - 4)].join('.')}`)
    })
    socket.send(query, port, '127.0.0.1')
  })
}

function median(values) {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)]
}

// --- The cluster's API, in a process of its own ---

/** What CoreDNS asks before it lists. */
const DISCOVERY = {
  '/version': { major: '1', minor: '31', gitVersion: 'v1.31.0' },
  '/apis/discovery.k8s.io/v1': {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: 'discovery.k8s.io/v1',
    resources: [{ name: 'endpointslices', namespaced: true, kind: 'EndpointSlice', verbs: ['list', 'watch'] }],
  },
}

function startApi({ services, endpoints }) {
  const child = fork(SELF, ['--api', String(services), String(endpoints)], { serialization: 'advanced' })
  const replies = []
  return new Promise((resolve) => {
    child.on('message', (message) => {
      if (message.port === undefined) replies.shift()?.(message)
      else {
        resolve({
          port: message.port,
          ask: (request) => new Promise((reply) => void (replies.push(reply), child.send(request))),
          close: () => child.kill('SIGKILL'),
        })
      }
    })
  })
}

function serveApi(services, endpoints) {
  let version = 1_000_000
  let oldest = 0
  const kinds = {
    '/api/v1/namespaces': {
      apiVersion: 'v1',
      kind: 'Namespace',
      items: range(100).map((n) => JSON.stringify(namespaceObject(n))),
    },
    '/api/v1/services': {
      apiVersion: 'v1',
      kind: 'Service',
      items: range(services).map((n) => JSON.stringify(serviceObject(n))),
    },
    '/apis/discovery.k8s.io/v1/endpointslices': {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      items: range(services).map((n) => JSON.stringify(sliceObject(n, endpoints))),
    },
  }
  const watchers = new Set()
  const server = createServer((request, response) => {
    const url = new URL(request.url, 'http://localhost')
    const found = kinds[url.pathname]
    if (url.pathname in DISCOVERY) return response.end(JSON.stringify(DISCOVERY[url.pathname]))
    if (found === undefined) return response.writeHead(404).end()
    response.writeHead(200, { 'content-type': 'application/json' })
    if (url.searchParams.get('watch') !== null) {
      if (Number(url.searchParams.get('resourceVersion')) < oldest) {
        return response.end(
          `${JSON.stringify({ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' } })}\n`,
        )
      }
      response.flushHeaders()
      const watcher = { path: url.pathname, response }
      watchers.add(watcher)
      request.on('close', () => watchers.delete(watcher))
      return undefined
    }
    const start = Number(url.searchParams.get('continue') ?? 0)
    const limit = Number(url.searchParams.get('limit') ?? 0) || found.items.length
    const end = Math.min(start + limit, found.items.length)
    const more = end < found.items.length ? String(end) : undefined
    const head = {
      kind: `${found.kind}List`,
      apiVersion: found.apiVersion,
      metadata: { resourceVersion: String(version), continue: more },
    }
    return response.end(`${JSON.stringify(head).slice(0, -1)},"items":[${found.items.slice(start, end).join(',')}]}`)
  }).listen(0, '127.0.0.1', () => process.send({ port: server.address().port }))

  process.on('message', ({ change, expire }) => {
    if (expire) {
      oldest = version + 1
      version += 10
      for (const { response } of watchers) response.destroy()
      return process.send({})
    }
    version += 1
    const object = serviceObject(0, { address: change, version })
    kinds['/api/v1/services'].items[0] = JSON.stringify(object)
    const line = `${JSON.stringify({ type: 'MODIFIED', object: { apiVersion: 'v1', kind: 'Service', ...object } })}\n`
    const sentAt = process.hrtime.bigint()
    for (const { path, response } of watchers) if (path === '/api/v1/services') response.write(line)
    return process.send({ sentAt: String(sentAt) })
  })
}

function range(count) {
  return Array.from({ length: count }, (_, n) => n)
}

function meta(name, n, more = {}) {
  return {
    name,
    uid: `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
    resourceVersion: String(more.version ?? 500_000 + n),
    creationTimestamp: '2026-01-01T00:00:00Z',
    ...more.meta,
    managedFields: [
      {
        manager: 'kube-controller-manager',
        operation: 'Update',
        apiVersion: 'v1',
        time: '2026-01-01T00:00:00Z',
        fieldsType: 'FieldsV1',
        fieldsV1: {
          'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} } },
          'f:spec': { 'f:ports': {}, 'f:selector': {}, 'f:type': {} },
        },
      },
    ],
  }
}

function namespaceObject(n) {
  return { metadata: meta(`ns-${n}`, n), spec: { finalizers: ['kubernetes'] }, status: { phase: 'Active' } }
}

function serviceObject(n, { address = `10.${96 + (n >> 16)}.${(n >> 8) & 255}.${n & 255}`, version } = {}) {
  const app = `app-${n}`
  return {
    metadata: meta(`svc-${n}`, n, {
      version,
      meta: { namespace: `ns-${n % 100}`, labels: { app, team: `team-${n % 20}` } },
    }),
    spec: {
      type: 'ClusterIP',
      clusterIP: address,
      clusterIPs: [address],
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
      internalTrafficPolicy: 'Cluster',
      sessionAffinity: 'None',
      selector: { app },
      ports: [{ name: 'http', protocol: 'TCP', port: 80, targetPort: 8080 }],
    },
    status: { loadBalancer: {} },
  }
}

function sliceObject(n, endpoints) {
  const namespace = `ns-${n % 100}`
  const labels = {
    'kubernetes.io/service-name': `svc-${n}`,
    'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
  }
  return {
    metadata: meta(`svc-${n}-abcde`, n, {
      meta: {
        namespace,
        labels,
        annotations: { 'endpoints.kubernetes.io/last-change-trigger-time': '2026-01-01T00:00:00Z' },
      },
    }),
    addressType: 'IPv4',
    endpoints: range(endpoints).map((e) => {
      const id = n * endpoints + e
      return {
        addresses: [`10.${128 + (id >> 16)}.${(id >> 8) & 255}.${id & 255}`],
        conditions: { ready: true, serving: true, terminating: false },
        targetRef: {
          kind: 'Pod',
          namespace,
          name: `svc-${n}-7d9f6c5b4-${id.toString(36).padStart(5, '0')}`,
          uid: `11111111-0000-4000-8000-${String(id).padStart(12, '0')}`,
        },
        nodeName: `node-${id % 500}`,
        zone: `zone-${id % 3}`,
      }
    }),
    ports: [{ name: 'http', protocol: 'TCP', port: 8080 }],
  }
}

if (process.argv[2] === '--api') serveApi(Number(process.argv[3]), Number(process.argv[4]))
else await main()
