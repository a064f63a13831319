// The file of weights: a name on a line of its own, then lines of an address and its weight.
import { isIP } from 'node:net'
import { UsageError } from '../../base/index.ts'
import { formatIpv4, formatIpv6, parseAddress } from '../../dns/index.ts'

/** Weight, 1 to 255, by address; by name in lower case with the final dot. */
export type Weights = ReadonlyMap<string, ReadonlyMap<string, number>>

/** Reads the file's text. @throws {UsageError} with CoreDNS's messages */
export function parseWeights(text: string, file: string): Weights {
  const weights = new Map<string, Map<string, number>>()
  let current: Map<string, number> | undefined
  for (const line of text.split('\n').map((raw) => raw.trim())) {
    if (line === '' || line.startsWith('#')) continue
    const [first = '', second, ...more] = line.split(/\s+/)
    if (more.length > 0) throw wrong(`could not parse weight line:"${line}" in weight file ${file}`)
    if (second === undefined) {
      if (isIP(first) !== 0) {
        throw wrong(`wrong domain name:"${first}" in weight file ${file}. (Maybe a missing weight value?)`)
      }
      const name = (first.endsWith('.') ? first : `${first}.`).toLowerCase()
      current = weights.get(name) ?? new Map()
      weights.set(name, current)
      continue
    }
    const octets = parseAddress(first)
    if (octets === undefined) throw wrong(`wrong IP address:"${first}" in weight file ${file}`)
    const weight = /^\d{1,3}$/.test(second) ? Number(second) : 0
    if (weight < 1 || weight > 255) throw wrong(`wrong weight value:"${second}" in weight file ${file}`)
    if (current === undefined) throw wrong(`missing domain name in weight file ${file}`)
    current.set(octets.length === 4 ? formatIpv4(octets) : formatIpv6(octets), weight)
  }
  return weights
}

function wrong(message: string): UsageError {
  return new UsageError('bad-configuration', message)
}
