// fathom node-cache: NodeLocal DNSCache's command line around the node-local cache, its exit codes and its signals.
import { PROGRAM_VERSION, describeError, systemClock } from '../base/index.ts'
import { CorefileError, DIRECTIVE_ORDER } from '../corefile/index.ts'
import { ListenError } from '../net/listen/index.ts'
import {
  capabilityHint,
  findGuard,
  missingCapabilities,
  parseNodeCacheFlags,
  runGuard,
  serviceHostVariable,
  startNodeCache,
} from '../node-cache/index.ts'
import type { NodeCacheFlags } from '../node-cache/index.ts'
import { PLUGINS } from '../plugins/index.ts'
import { EXIT } from './command.ts'
import type { Command, Io } from './command.ts'
import { superviseServer } from './serve-signals.ts'
import { THREAD_PROGRAM } from './thread-program.ts'

/** Serves DNS to the pods of one node, as NodeLocal DNSCache does. */
export const nodeCacheCommand: Command = {
  name: 'node-cache',
  summary: 'serve DNS to the pods of one node from a cache, as NodeLocal DNSCache does',
  async run(args, io) {
    const flags = parseNodeCacheFlags(args)
    switch (flags.action) {
      case 'help':
        io.stdout.write(NODE_CACHE_HELP)
        return EXIT.ok
      case 'version':
        io.stdout.write(VERSION_LINES)
        return EXIT.ok
      case 'plugins':
        io.stdout.write(pluginList())
        return EXIT.ok
      case 'serve':
        return flags.guard ? guard(flags, args, io) : serve(flags, io)
    }
  },
}

const VERSION_LINES = `Fathom-${PROGRAM_VERSION}\n${process.platform}/${process.arch}, node${process.versions.node}\n`

/** What cannot start ends with this status and one line. */
const CANNOT_START = 1

async function serve(flags: NodeCacheFlags, io: Io): Promise<number> {
  const guarded = findGuard()
  try {
    return await superviseServer(
      async (onFatal) => {
        const server = await startNodeCache({
          flags,
          environment: io.env,
          write: (text) => io.stdout.write(text),
          onFatal,
          threadProgram: THREAD_PROGRAM,
          freeAddresses: guarded && (() => guarded.release()),
          keepAddressesOnFailure: guarded !== undefined,
        })
        guarded?.serving()
        return server
      },
      { io, banner: flags.quiet ? '' : VERSION_LINES },
    )
  } catch (error) {
    if (!(error instanceof Error) || error instanceof TypeError || error instanceof RangeError) throw error
    io.stderr.write(
      `${error instanceof ListenError ? `Listen: ${error.message}${hintFor(error)}` : describeError(error)}\n`,
    )
    const isTold = error instanceof ListenError && error.code === 'permission-denied'
    const hint = (error instanceof CorefileError || error instanceof ListenError) && !isTold ? error.hint : undefined
    if (hint !== undefined) io.stderr.write(`  ${hint}\n`)
    return CANNOT_START
  } finally {
    // The channel to the guard would keep the process.
    if (guarded !== undefined && process.connected) process.disconnect()
  }
}

/** Ports below 1024 are the privileged ones' unless the system says otherwise. */
function hintFor({ code }: ListenError): string {
  return code === 'permission-denied' ? capabilityHint(missingCapabilities(['NET_BIND_SERVICE'])) : ''
}

async function guard(flags: NodeCacheFlags, args: readonly string[], io: Io): Promise<number> {
  const address = io.env[serviceHostVariable(flags.upstreamService)]
  return runGuard({
    flags,
    script: process.argv[1] ?? '',
    args: ['node-cache', ...args, '-guard=false'],
    upstream: address === undefined ? undefined : { address, port: 53 },
    clock: systemClock,
    say: (line) => io.stdout.write(`${line}\n`),
  })
}

function pluginList(): string {
  const names = DIRECTIVE_ORDER.filter((name) => Object.hasOwn(PLUGINS, name))
  return `DNS plugins:\n${names.map((name) => `  dns.${name}\n`).join('')}`
}

const NODE_CACHE_HELP = `Usage: fathom node-cache -localip ADDRESS[,ADDRESS] [FLAGS]

Serves DNS to the pods of one node from a cache, in the place of NodeLocal DNSCache.

  -localip LIST                  addresses that pods ask, separated by commas (required)
  -conf FILE, -corefile FILE     the Corefile that is served, and written from the template (/etc/Corefile)
  -basecorefile FILE             the template (/etc/coredns/Corefile.base); without it the Corefile is served as it is
  -kubednscm DIR                 the mounted kube-dns ConfigMap (/etc/kube-dns if it is there)
  -upstreamsvc NAME              Service of the cluster DNS; its address is read from NAME_SERVICE_HOST (kube-dns)
  -setupinterface                make the interface and put the addresses on it (true)
  -interfacename NAME            name of that interface (nodelocaldns)
  -setupiptables                 add the rules that skip connection tracking (true)
  -syncinterval DURATION         check and repair interface and rules so often, seconds or a duration (60s)
  -skipteardown                  leave interface and rules when ending (false)
  -metrics-listen-address ADDR   /metrics and /ready (0.0.0.0:9353)
  -prometheus-listen-address A   what __PROMETHEUS__ENDPOINT__ in the template becomes (:9253)
  -health-port PORT              port of the health check, for the rules (8080)
  -reloadwithsignal              reload at once when a new Corefile was written (false)
  -dns.port PORT, -p PORT        port of server blocks that name none, and of the rules (53)
  -pidfile FILE                  write the process id there once DNS is served
  -quiet, -version, -plugins

Not in NodeLocal DNSCache:
  -guard                         supervise the cache: when it dies, queries go to -upstreamsvc until it is back (false)
  -workers N                     threads that answer over UDP (what multisocket says, else 1)
  -serve-stale DURATION          serve expired answers for so long when the upstream is silent, in every block (off)
  -self-test-interval DURATION   ask -upstreamsvc over UDP and TCP so often, as metrics; 0 switches it off (30s)
  -self-test-name NAME           the name asked (kubernetes.default.svc.cluster.local.)
`
