// Asks the server itself one question with an unguessable name: if it comes back more than twice, queries go round.
import { randomBytes } from 'node:crypto'
import type { Clock } from '../../base/index.ts'
import { joinLabels, query } from '../../dns/index.ts'
import type { DomainName } from '../../dns/index.ts'
import { exchange } from '../../net/index.ts'
import type { Endpoint } from '../../net/exchange-result.ts'
import type { PluginEnv, PluginInstance, Request } from '../../server/index.ts'

const GIVE_UP_AFTER_MS = 30_000
const RETRY_AFTER_MS = 1000
const EXCHANGE_TIMEOUT_MS = 2000
/** Resolvers that got the question may still send it on after they answered. */
const QUIET_TIME_MS = 2000
const MAX_SEEN = 2

/** Makes the plugin's instance for the block's first zone. */
export function createLoop(env: PluginEnv): PluginInstance {
  const zone = env.block.zones[0] ?? '.'
  const name = unguessableName(zone)
  let seen = 0
  let isOver = false
  let own = ''

  function note(request: Request): void {
    seen += 1
    if (seen <= MAX_SEEN) return
    isOver = true
    const { address, port } = request.client
    env.fatal(
      `Loop (${address}:${port} -> ${own}) detected for zone "${zone}", see https://coredns.io/plugins/loop#troubleshooting. Query: "HINFO ${name}"; ${WHERE_TO_LOOK}`,
    )
  }

  async function probe(): Promise<void> {
    const listener = env.listeners().find(({ transport }) => transport === 'dns')
    if (listener === undefined) {
      isOver = true
      return
    }
    const server = reachable(listener.actual)
    own = `${listener.wanted.address === '::' ? '' : listener.wanted.address}:${listener.wanted.port}`
    const deadline = env.clock.monotonic() + GIVE_UP_AFTER_MS
    while (env.clock.monotonic() < deadline) {
      if (isOver) return
      const message = query({ name, type: 'HINFO' })
      const result = await exchange({ server, message, transport: 'udp', timeoutMs: EXCHANGE_TIMEOUT_MS })
      if (result.kind === 'response') {
        await sleep(env.clock, QUIET_TIME_MS)
        break
      }
      seen = 0
      await sleep(env.clock, RETRY_AFTER_MS)
    }
    isOver = true
  }

  return {
    handler(request, next) {
      if (!isOver && request.type === 'HINFO' && request.name === name) note(request)
      return next(request)
    },
    hot: { permits: (request) => request.name !== name },
    // Not waited for: it may take as long as an upstream takes to answer.
    started: () => void probe(),
    async close() {
      isOver = true
    },
  }
}

const WHERE_TO_LOOK =
  'the upstreams of this zone lead back to this server: look at the nameservers of the file that "forward" names (127.0.0.53 and other loopback addresses are this host itself)'

/** Two random 63-bit numbers as labels in the zone: whoever knew the name could end the process (CVE-2026-26018). */
function unguessableName(zone: DomainName): DomainName {
  return joinLabels([randomNumber(), randomNumber()], zone)
}

function randomNumber(): string {
  return String(randomBytes(8).readBigUInt64BE() >> 1n)
}

/** A wildcard address is reached over loopback. */
function reachable({ address, port }: Endpoint): Endpoint {
  return { address: address === '::' ? '127.0.0.1' : address, port }
}

async function sleep(clock: Clock, delayMs: number): Promise<void> {
  await new Promise<void>((resolve) => {
    clock.setTimeout(resolve, delayMs).unref()
  })
}
