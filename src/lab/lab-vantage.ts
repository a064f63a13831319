// Places in a lab to ask from: cluster addresses in, loopback ports out. Both grades of the lab answer the same two questions.
import type { Endpoint, ExchangeResult } from '../net/exchange-result.ts'
import { vantageHere } from '../vantage/index.ts'
import type {
  ExchangeRequest,
  HttpRequest,
  HttpResult,
  FileResult,
  Place,
  Skipped,
  Vantage,
  Vantages,
} from '../vantage/index.ts'
import type { Reach } from './loopback/switchboard.ts'

/** What a place in a lab can be asked by whoever probes from it; the lab may be in this process or in another. */
export interface LabPlaces {
  /** Undefined when the lab has no such place. */
  resolve(place: Place, endpoint: Endpoint): Promise<Reach | undefined>
  /** Undefined when the place has no such file. */
  readFile(place: Place, path: string): Promise<string | undefined>
}

/** Vantages of a lab. A place `here` is the cluster's first node, where the story's engineer sits. */
export function labVantages(places: LabPlaces, options: { readonly name: string }): Vantages {
  return {
    async at(place) {
      const reach = await places.resolve(place, NOWHERE)
      if (reach === undefined) return skip(place, options.name)
      return labVantage(places, place, options.name)
    },
    close: () => Promise.resolve(),
  }
}

/** An address that no cluster has (RFC 5737): asked only to learn whether a place exists. */
const NOWHERE: Endpoint = { address: '192.0.2.1', port: 53 }

function skip(place: Place, lab: string): Skipped {
  const what =
    place.kind === 'pod'
      ? `pod ${place.namespace}/${place.name}`
      : place.kind === 'node'
        ? `node ${place.name}`
        : 'node'
  return { kind: 'skipped', why: `lab "${lab}" has no ${what}` }
}

function labVantage(places: LabPlaces, place: Place, lab: string): Vantage {
  const here = vantageHere()
  return {
    place,
    how: `lab ${lab}`,
    async exchange(request: ExchangeRequest): Promise<ExchangeResult | Skipped> {
      const reach = await places.resolve(place, request.server)
      if (reach === undefined) return skip(place, lab)
      if (reach.kind === 'port')
        return restoreAddress(
          await here.exchange({ ...request, server: reach.endpoint }),
          reach.endpoint,
          request.server,
        )
      const { transport } = request
      if (reach.kind === 'refused') return { kind: 'refused', afterMs: 0, transport, detail: 'connection refused' }
      return { kind: 'timeout', afterMs: await wait(request.timeoutMs), transport, stray: [] }
    },
    async httpGet(request: HttpRequest): Promise<HttpResult> {
      const reach = await places.resolve(place, request.server)
      if (reach === undefined) return skip(place, lab)
      if (reach.kind === 'port')
        return restoreHttpAddress(
          await here.httpGet({ ...request, server: reach.endpoint }),
          reach.endpoint,
          request.server,
        )
      if (reach.kind === 'refused') return { kind: 'failed', why: 'refused', detail: 'connection refused', afterMs: 0 }
      const afterMs = await wait(request.timeoutMs)
      return { kind: 'failed', why: 'timeout', detail: `no connection in ${request.timeoutMs} ms`, afterMs }
    },
    async readFile(path: string): Promise<FileResult> {
      const text = await places.readFile(place, path)
      return text === undefined ? { kind: 'absent' } : { kind: 'file', text }
    },
    kernelTables: () => Promise.resolve({ kind: 'skipped', why: 'this lab has no kernel of its own' }),
  }
}

// --- What people see carries the cluster's address, never the loopback port behind it ---

function restoreAddress(
  result: ExchangeResult | Skipped,
  actual: Endpoint,
  wanted: Endpoint,
): ExchangeResult | Skipped {
  if (result.kind === 'skipped') return result
  if (result.kind === 'response' || result.kind === 'timeout') {
    const stray = result.stray.map((message) => (isSame(message.from, actual) ? { ...message, from: wanted } : message))
    return { ...result, stray }
  }
  return { ...result, detail: withAddress(result.detail, actual, wanted) }
}

function restoreHttpAddress(result: HttpResult, actual: Endpoint, wanted: Endpoint): HttpResult {
  return result.kind === 'failed' ? { ...result, detail: withAddress(result.detail, actual, wanted) } : result
}

function withAddress(text: string, actual: Endpoint, wanted: Endpoint): string {
  return text.replaceAll(`${actual.address}:${actual.port}`, `${wanted.address}:${wanted.port}`)
}

function isSame(left: Endpoint, right: Endpoint): boolean {
  return left.address === right.address && left.port === right.port
}

function wait(ms: number): Promise<number> {
  return new Promise((resolve) => {
    setTimeout(() => resolve(ms), ms)
  })
}
