// Which program of a pod the lab runs, told by its container: CoreDNS, node-cache, kube-proxy's health port.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { systemClock } from '../../base/index.ts'
import type { Json } from '../../kube/objects/index.ts'
import { PLUGINS } from '../../plugins/index.ts'
import { startServer } from '../../server/index.ts'
import { textAt, textsAt } from '../cluster/raw-object.ts'
import { startNodeCacheProgram } from './node-cache-program.ts'
import type { Program, ProgramContext, RunningProgram } from './program.ts'
import { readyProbe } from './ready-probe.ts'

/** The program of a container; undefined for those that the lab only pretends to run. */
export function programOf(container: Json): Program | undefined {
  const image = textAt(container, 'image')
  const name = image.slice(image.lastIndexOf('/') + 1)
  if (/^(k8s-dns-node-cache|node-cache|node-local-dns)\b/.test(name)) return startNodeCacheProgram
  if (/^coredns\b/.test(name)) return startDns
  return /^kube-proxy\b/.test(name) ? startKubeProxy : undefined
}

async function startDns({
  container,
  files,
  environment,
  network,
  log,
  onExit,
}: ProgramContext): Promise<RunningProgram> {
  const args = [...textsAt(container, 'command'), ...textsAt(container, 'args')]
  const path = flagValue(args, 'conf') ?? '/etc/coredns/Corefile'
  const server = await startServer({
    plugins: PLUGINS,
    corefile: { path },
    write: (text) => {
      for (const line of text.replace(/\n$/, '').split('\n')) log(line)
    },
    network,
    files,
    environment,
    clock: systemClock,
    onFatal: onExit,
  })
  return {
    readyPath: readyProbe(container),
    writesServiceRules: false,
    stop: () => server.stop({ atOnce: true }),
  }
}

function flagValue(args: readonly string[], name: string): string | undefined {
  const index = args.findIndex((arg) => arg === `-${name}` || arg === `--${name}`)
  const joined = args.find((arg) => arg.startsWith(`-${name}=`) || arg.startsWith(`--${name}=`))
  return joined === undefined ? (index < 0 ? undefined : args[index + 1]) : joined.slice(joined.indexOf('=') + 1)
}

// --- kube-proxy: what people ask it over HTTP. The relays do its work. ---

const KUBE_PROXY_HEALTH = 10_256
const KUBE_PROXY_METRICS = 10_249

async function startKubeProxy({ network }: ProgramContext): Promise<RunningProgram> {
  const pages = [
    {
      wanted: { address: '::', port: KUBE_PROXY_HEALTH },
      path: '/healthz',
      body: () => JSON.stringify({ lastUpdated: new Date().toISOString() }),
    },
    { wanted: { address: '127.0.0.1', port: KUBE_PROXY_METRICS }, path: '/proxyMode', body: () => 'iptables' },
  ]
  const servers = await Promise.all(
    pages.map(async ({ wanted, path, body }) => {
      const server = createServer((request, response) => {
        const isKnown = request.url === path
        response
          .writeHead(isKnown ? 200 : 404, { 'content-type': 'text/plain' })
          .end(isKnown ? body() : '404 page not found\n')
      })
      const { address, port } = network.listenAt(wanted)
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject)
        server.listen(port, address, resolve)
      })
      network.bound?.(wanted, { address, port: (server.address() as AddressInfo).port })
      return server
    }),
  )
  return {
    readyPath: undefined,
    writesServiceRules: true,
    stop: async () => {
      await Promise.all(
        servers.map(
          (server) =>
            new Promise<void>((resolve) => {
              server.close(() => resolve())
              server.closeAllConnections()
            }),
        ),
      )
    },
  }
}
