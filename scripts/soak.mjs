// Ten minutes of load while everything around the server moves: Services change a thousand times a second, the Corefile
// is reloaded, upstreams die and come back, watches break. Every query is counted: what is lost without its upstream
// being dead is a failure. Loopback only.
import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FATHOM, encodeQuery, freePort, pause } from './support/loopback.mjs'
import { readOptions } from './support/options.mjs'
import { cpuSeconds, memoryMb } from './support/process-figures.mjs'

const HELP = `usage: npm run soak -- [options]

  --minutes N    (default 10)
  --rate N       queries a second (default 2000)
  --changes N    changed Services a second (default 1000)
  --server TEXT  how a server is started (default this one: 'CMD -conf {corefile}')
  --help         print this`

const values = readOptions(HELP, { minutes: 10, rate: 2000, changes: 1000, server: FATHOM })
const SERVICES = 1000
/** A client waits as long as glibc does before it asks again; later answers count as lost. */
const CLIENT_TIMEOUT_MS = 5000
const TICK_MS = 10
const NAMES = Array.from({ length: SERVICES }, (_, index) => `svc-${index}`)

const directory = mkdtempSync(join(tmpdir(), 'fathom-soak-'))
const corefile = join(directory, 'Corefile')
const ports = { dns: await freePort(), health: await freePort(), ready: await freePort() }
const api = await startApi()
const steady = await startUpstream('steady')
const flaky = await startUpstream('flaky')
writeCorefile(0)
const server = spawnServer()
const log = { lines: [], reloads: 0, failures: 0 }
let exitCode = 1
try {
  await untilReady()
  exitCode = (await soak()) ? 0 : 1
} finally {
  server.kill('SIGKILL')
  for (const part of [api, steady, flaky]) part.close()
  rmSync(directory, { recursive: true, force: true })
}
process.exit(exitCode)

async function soak() {
  const counts = {}
  const clients = [
    await startClient(counts),
    await startClient(counts),
    await startClient(counts),
    await startClient(counts),
  ]
  const endAt = Date.now() + values.minutes * 60_000
  const startMb = memoryMb(server.pid)
  const startCpu = cpuSeconds(server.pid)
  const startedAt = Date.now()
  const stop = [
    // By the clock, so that a late timer is made up for.
    every(TICK_MS, () => api.change(Math.floor(((Date.now() - startedAt) / 1000) * values.changes) - api.changes)),
    every(7000, () => writeCorefile(Math.floor(Date.now() / 1000))),
    every(11_000, () => flaky.toggle()),
    every(13_000, () => api.dropWatches()),
    every(60_000, () => {
      const minute = Math.round((Date.now() - startedAt) / 60_000)
      process.stdout.write(
        `minute ${minute}: ${summary(counts)}; ${log.reloads} reloads; ${memoryMb(server.pid).toFixed(0)} MB\n`,
      )
    }),
  ]
  let owed = 0
  while (Date.now() < endAt) {
    owed += (values.rate * TICK_MS) / 1000
    for (; owed >= 1; owed -= 1) clients[Math.floor(Math.random() * clients.length)].ask(pick())
    await pause(TICK_MS)
  }
  for (const end of stop) end()
  if (flaky.dead) flaky.toggle()
  await pause(CLIENT_TIMEOUT_MS + 500)
  const answered = Object.values(counts).reduce((sum, kind) => sum + kind.answered, 0)
  const cpuMicros = ((cpuSeconds(server.pid) - startCpu) * 1e6) / Math.max(1, answered)
  for (const client of clients) client.close()
  const lost = ['cluster', 'absent', 'external'].reduce((sum, kind) => sum + (counts[kind]?.lost ?? 0), 0)
  const wrong = Object.values(counts).reduce((sum, kind) => sum + kind.wrong, 0)
  const sound =
    server.exitCode === null && lost === 0 && wrong === 0 && log.reloads > 0 && api.changes > 0 && answered > 0
  process.stdout.write(
    `${summary(counts)}\n${api.changes} changes, ${log.reloads} reloads, ${log.failures} failed reloads, ${flaky.toggles} upstream toggles; ` +
      `memory ${startMb.toFixed(0)} MB at the start, ${memoryMb(server.pid).toFixed(0)} MB at the end; ${cpuMicros.toFixed(0)} us CPU per answer, changes included\n` +
      `lost beyond those whose upstream was dead: ${lost}; wrong: ${wrong}: ${sound ? 'sound' : 'FAILED'}\n`,
  )
  return sound
}

/** Which question, and what must come back. Names below `flaky.` have an upstream that dies now and then. */
function pick() {
  const drawn = Math.random()
  const index = Math.floor(Math.random() * SERVICES)
  const unique = Math.floor(Math.random() * 1e9)
  if (drawn < 0.6) return { kind: 'cluster', name: `${NAMES[index]}.soak.svc.cluster.local`, rcode: 0, answers: 1 }
  if (drawn < 0.75) return { kind: 'absent', name: `none-${unique}.soak.svc.cluster.local`, rcode: 3, answers: 0 }
  if (drawn < 0.9) return { kind: 'external', name: `www-${unique % 5000}.steady.test`, rcode: 0, answers: 1 }
  return { kind: 'flaky', name: `www-${unique}.flaky.test`, rcode: undefined, answers: undefined }
}

function summary(counts) {
  return Object.entries(counts)
    .map(([kind, { asked, answered, lost, wrong }]) => `${kind} ${answered}/${asked}, lost ${lost}, wrong ${wrong}`)
    .join('; ')
}

// --- The server ---

function writeCorefile(version) {
  const text =
    `cluster.local:${ports.dns} {\n  bind 127.0.0.1\n  errors\n  health 127.0.0.1:${ports.health}\n  ready 127.0.0.1:${ports.ready}\n` +
    `  kubernetes cluster.local {\n    endpoint ${api.url}\n    ttl 5\n  }\n  prometheus 127.0.0.1:0\n  loadbalance\n  reload 2s 1s\n}\n` +
    `steady.test:${ports.dns} {\n  bind 127.0.0.1\n  errors\n  cache 5\n  forward . 127.0.0.1:${steady.port}\n}\n` +
    `flaky.test:${ports.dns} {\n  bind 127.0.0.1\n  forward . 127.0.0.1:${flaky.port}\n}\n` +
    `version-${version}.invalid:${ports.dns} {\n  bind 127.0.0.1\n  whoami\n}\n`
  writeFileSync(`${corefile}.new`, text)
  renameSync(`${corefile}.new`, corefile)
}

function spawnServer() {
  const [command, ...args] = values.server.split(' ').map((word) => word.replace('{corefile}', corefile))
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8')
    stream.on('data', (text) => {
      log.reloads += text.split('Reloading complete').length - 1
      log.failures += text.split('reload failed').length - 1
      log.lines = [...log.lines, ...text.split('\n')].slice(-20)
    })
  }
  child.on('exit', (code, signal) => {
    if (signal !== 'SIGKILL') process.stdout.write(`the server ended (${code ?? signal}):\n${log.lines.join('\n')}\n`)
  })
  return child
}

async function untilReady() {
  for (let tries = 0; tries < 150; tries += 1) {
    const status = await fetch(`http://127.0.0.1:${ports.ready}/ready`).then(
      (response) => response.status,
      () => 0,
    )
    if (status === 200) return
    await pause(100)
  }
  throw new Error(`the server did not get ready:\n${log.lines.join('\n')}`)
}

// --- A client: one socket, ids of its own, every question waits for its answer ---

async function startClient(counts) {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 4_000_000 })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const waiting = new Map()
  let nextId = Math.floor(Math.random() * 65_536)
  socket.on('message', (reply) => {
    const id = reply.readUInt16BE(0)
    const question = waiting.get(id)
    if (question === undefined) return
    waiting.delete(id)
    const count = counts[question.kind]
    count.answered += 1
    const rcode = reply[3] & 15
    if (question.rcode !== undefined && (rcode !== question.rcode || reply.readUInt16BE(6) !== question.answers)) {
      count.wrong += 1
      if (count.wrong <= 5) {
        process.stdout.write(`wrong: ${question.name}: rcode ${rcode}, ${reply.readUInt16BE(6)} answers\n`)
      }
    }
  })
  const sweep = every(500, () => {
    const before = Date.now() - CLIENT_TIMEOUT_MS
    for (const [id, question] of waiting) {
      if (question.at > before) continue
      waiting.delete(id)
      counts[question.kind].lost += 1
      if (question.kind !== 'flaky') process.stdout.write(`lost: ${question.name}\n`)
    }
  })
  return {
    ask(question) {
      nextId = (nextId + 1) & 0xffff
      counts[question.kind] ??= { asked: 0, answered: 0, lost: 0, wrong: 0 }
      counts[question.kind].asked += 1
      waiting.set(nextId, { ...question, at: Date.now() })
      socket.send(encodeQuery(nextId, question.name), ports.dns, '127.0.0.1')
    },
    close() {
      sweep()
      socket.close()
    },
  }
}

// --- An upstream that answers every A question, and can die: its sockets stay, it says nothing ---

async function startUpstream(name) {
  const port = await freePort()
  const socket = createSocket({ type: 'udp4', recvBufferSize: 4_000_000 })
  socket.bind(port, '127.0.0.1')
  await once(socket, 'listening')
  const state = { dead: false, toggles: 0 }
  const answer = (query) => {
    if (query.length < 12) return undefined
    const end = query.indexOf(0, 12) + 5
    const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1])
    const isAddress = query.readUInt16BE(end - 4) === 1
    const head = Buffer.from(query.subarray(0, end))
    head.writeUInt16BE(0x8180, 2)
    head.writeUInt16BE(isAddress ? 1 : 0, 6)
    head.writeUInt32BE(0, 8)
    return isAddress ? Buffer.concat([head, record]) : head
  }
  socket.on('message', (query, from) => {
    const response = state.dead ? undefined : answer(query)
    if (response !== undefined) socket.send(response, from.port, from.address)
  })
  const tcp = createTcpServer((connection) => connection.destroy()).listen(port, '127.0.0.1')
  return {
    name,
    port,
    get dead() {
      return state.dead
    },
    get toggles() {
      return state.toggles
    },
    toggle() {
      state.dead = !state.dead
      state.toggles += 1
    },
    close() {
      socket.close()
      tcp.close()
    },
  }
}

// --- A cluster API with a thousand Services whose labels and ports change all the time, never their addresses ---

async function startApi() {
  let version = 1000
  const changed = { count: 0 }
  const service = (index, rv) => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: NAMES[index],
      namespace: 'soak',
      uid: `uid-${index}`,
      resourceVersion: String(rv),
      labels: { rv: String(rv) },
    },
    spec: {
      type: 'ClusterIP',
      clusterIP: address(index),
      clusterIPs: [address(index)],
      ports: [{ name: `p${rv % 7}`, port: 80 + (rv % 7), protocol: 'TCP' }],
    },
  })
  const address = (index) => `10.96.${index >> 8}.${index & 255}`
  const items = NAMES.map((_, index) => service(index, version))
  const namespaces = [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'soak', resourceVersion: '1' } }]
  const watches = new Set()
  const history = []
  const http = createServer((request, response) => {
    const url = new URL(request.url, 'http://api')
    const kind = url.pathname.endsWith('/services')
      ? { name: 'Service', list: items }
      : url.pathname.endsWith('/namespaces')
        ? { name: 'Namespace', list: namespaces }
        : { name: 'EndpointSlice', list: [] }
    response.setHeader('content-type', 'application/json')
    if (!/\/(services|namespaces|endpointslices|pods)$/.test(url.pathname)) {
      const groups = [{ name: 'discovery.k8s.io', versions: [{ groupVersion: 'discovery.k8s.io/v1', version: 'v1' }] }]
      const resources = [{ name: 'endpointslices', kind: 'EndpointSlice', namespaced: true, verbs: ['list', 'watch'] }]
      return response.end(
        JSON.stringify({
          kind: 'APIGroupList',
          apiVersion: 'v1',
          groups,
          resources,
          gitVersion: 'v1.31.0',
          major: '1',
          minor: '31',
        }),
      )
    }
    const apiVersion = kind.name === 'EndpointSlice' ? 'discovery.k8s.io/v1' : 'v1'
    if (url.searchParams.get('watch') === null) {
      return response.end(
        JSON.stringify({
          kind: `${kind.name}List`,
          apiVersion,
          metadata: { resourceVersion: String(version) },
          items: kind.list,
        }),
      )
    }
    const since = Number(url.searchParams.get('resourceVersion') ?? '0')
    if (kind.name === 'Service' && since > 0 && since < (history[0]?.rv ?? 0)) {
      const status = {
        kind: 'Status',
        apiVersion: 'v1',
        status: 'Failure',
        reason: 'Expired',
        code: 410,
        message: 'too old resource version',
      }
      return response.end(`${JSON.stringify({ type: 'ERROR', object: status })}\n`)
    }
    response.flushHeaders()
    if (kind.name === 'Service') {
      for (const entry of history) if (entry.rv > since) response.write(entry.line)
      watches.add(response)
    }
    request.on('close', () => watches.delete(response))
    return undefined
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  return {
    url: `http://127.0.0.1:${http.address().port}`,
    get changes() {
      return changed.count
    },
    change(times) {
      for (let left = times; left > 0; left -= 1) {
        version += 1
        changed.count += 1
        const index = Math.floor(Math.random() * SERVICES)
        items[index] = service(index, version)
        const line = `${JSON.stringify({ type: 'MODIFIED', object: items[index] })}\n`
        history.push({ rv: version, line })
        if (history.length > 5000) history.shift()
        for (const watch of watches) watch.write(line)
      }
    },
    dropWatches() {
      for (const watch of watches) watch.destroy()
      watches.clear()
    },
    close() {
      http.closeAllConnections()
      http.close()
    },
  }
}

// --- Small tools ---

function every(ms, act) {
  const timer = setInterval(() => act(), ms)
  return () => clearInterval(timer)
}
