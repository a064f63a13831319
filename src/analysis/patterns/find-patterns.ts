// All patterns of a finished analysis, the strongest fault first.
import type { CaptureFile } from '../../capture/index.ts'
import { typeMnemonic } from '../../dns/index.ts'
import type { CaptureAnalysis } from '../capture-analysis.ts'
import { PATTERN_CODES } from './codes.ts'
import * as losses from './losses.ts'
import * as network from './network.ts'
import * as observations from './observations.ts'
import type { Finder, Findings, Pattern } from './pattern.ts'
import * as responses from './responses.ts'

/** Who an address belongs to, where somebody knows. */
export interface AddressNames {
  /** `default/web-0`, `kube-system/kube-dns`; undefined for an unknown address. */
  readonly nameOf: (address: string) => string | undefined
  readonly isServiceIp: (address: string) => boolean | undefined
}

const FINDERS: readonly Finder[] = [
  ...Object.values(network),
  ...Object.values(losses),
  ...Object.values(responses),
  ...Object.values(observations),
]

/** The most patterns with one code that are told. */
const MAX_OF_CODE = 20

/** Finds all patterns. @param file undefined for a live capture */
export function findPatterns(
  analysis: CaptureAnalysis,
  file: CaptureFile | undefined,
  known?: AddressNames,
): Pattern[] {
  const findings = createFindings(analysis, file, known)
  const found = FINDERS.flatMap((find) => find(findings))
  const counts = new Map<string, number>()
  return found
    .sort((a, b) => PATTERN_CODES.indexOf(a.code) - PATTERN_CODES.indexOf(b.code) || b.count - a.count)
    .filter(({ code }) => {
      counts.set(code, (counts.get(code) ?? 0) + 1)
      return (counts.get(code) ?? 0) <= MAX_OF_CODE
    })
}

function createFindings(
  analysis: CaptureAnalysis,
  file: CaptureFile | undefined,
  known: AddressNames | undefined,
): Findings {
  const { addresses } = analysis.decoder
  const pairs = analysis.traffic.pairTable.pairs.filter(({ client }) => client !== 0)
  return {
    analysis,
    file,
    pairs,
    answering: new Set(pairs.flatMap((pair) => (pair.udpAnswered + pair.tcpAnswered > 0 ? [pair.server] : []))),
    address: (id) => describeAddress(addresses.format(id), known),
    name: (id) => analysis.names.format(id),
    type: typeMnemonic,
    isServiceIp: (id) => known?.isServiceIp(addresses.format(id)),
    isServer: (id) => analysis.loops.isServer(id),
  }
}

/** `10.244.1.7 (default/web-0)`. */
export function describeAddress(address: string, known: AddressNames | undefined): string {
  const name = known?.nameOf(address)
  return name === undefined ? address : `${address} (${name})`
}
