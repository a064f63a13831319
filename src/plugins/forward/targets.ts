// The TO arguments: addresses, files that list nameservers, host names.
import { parseAddress } from '../../dns/index.ts'
import { parseName } from '../../dns/index.ts'
import { formatEndpoint, type UpstreamScheme } from '../../net/upstream/index.ts'
import type { Files } from '../../server/index.ts'

/** One upstream as configured. */
export interface Target {
  readonly scheme: UpstreamScheme
  /** An IP address, or a host name that is looked up at the start. */
  readonly host: string
  readonly isAddress: boolean
  readonly port: number
  /** `tls://ADDRESS%NAME`. */
  readonly serverName: string | undefined
}

const DEFAULT_PORTS: Readonly<Record<UpstreamScheme, number>> = { dns: 53, tls: 853, https: 443 }

/** Reads the TO arguments in their order, each upstream once. Errors are texts for the directive's line. */
export function readTargets(texts: readonly string[], files: Files): readonly Target[] | { readonly error: string } {
  const targets: Target[] = []
  const empty: string[] = []
  for (const text of texts) {
    const found = readTarget(text, files)
    if ('error' in found) return found
    if (found.targets.length === 0) empty.push(text)
    targets.push(...found.targets)
  }
  if (targets.length === 0) return { error: `no valid upstream addresses found: no nameserver in ${empty.join(', ')}` }
  const seen = new Set<string>()
  return targets.filter((target) => !seen.has(keyOf(target)) && seen.add(keyOf(target)))
}

function keyOf({ scheme, host, port }: Target): string {
  return `${scheme}://${formatEndpoint({ address: host, port })}`
}

type Found = { readonly targets: readonly Target[] } | { readonly error: string }

function readTarget(text: string, files: Files): Found {
  const [, schemeText, rest] = /^([a-z0-9]+):\/\/(.*)$/.exec(text) ?? [undefined, undefined, text]
  const scheme = schemeText ?? 'dns'
  if (rest === undefined || rest === '') return { error: `invalid address: "${text}"` }
  if (scheme !== 'dns' && scheme !== 'tls' && scheme !== 'https') {
    return { error: `'${scheme}' is not supported as a destination protocol in forward: ${rest}` }
  }
  if (scheme === 'https' && rest.includes('/')) {
    return {
      error: `paths are not allowed in HTTPS upstream addresses (the /dns-query path is used by default): ${text}`,
    }
  }
  const address = readHostPort(rest, scheme)
  if (address !== undefined && isAddress(address.host)) return { targets: [{ ...address, isAddress: true }] }
  if (schemeText === undefined) {
    const servers = readServers(rest, files)
    if (servers !== undefined) return servers
  }
  if (address !== undefined && !rest.includes('/') && isHostName(address.host)) {
    return { targets: [{ ...address, isAddress: false }] }
  }
  return { error: `not an IP address or file: "${text}"` }
}

/** The nameservers of a file like resolv.conf(5); undefined when there is no such file. */
function readServers(path: string, files: Files): Found | undefined {
  let text: string
  try {
    text = files.readText(path)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    return { error: `not an IP address or file: "${path}": ${error instanceof Error ? error.message : String(error)}` }
  }
  const targets: Target[] = []
  for (const line of text.split('\n')) {
    const [keyword, address] = line.trim().split(/\s+/)
    if (keyword !== 'nameserver' || address === undefined) continue
    if (!isAddress(address)) return { error: `not an IP address in ${path}: "${address}"` }
    targets.push({ scheme: 'dns', host: address, isAddress: true, port: 53, serverName: undefined })
  }
  return { targets }
}

/** Splits `HOST`, `HOST:PORT`, `[V6]:PORT`, and for TLS `HOST%NAME:PORT`. */
function readHostPort(text: string, scheme: UpstreamScheme): Omit<Target, 'isAddress'> | undefined {
  const port = DEFAULT_PORTS[scheme]
  const bracketed = /^\[([^\]]*)\](%[^:]*)?(?::(\d+))?$/.exec(text)
  if (bracketed !== null) {
    const [, host = '', zone = '', portText] = bracketed
    return withPort({ scheme, host: host + zone, port, portText })
  }
  // An IPv6 address without brackets has no port; a server name may follow its %.
  if (isAddress(text)) return withPort({ scheme, host: text, port, portText: undefined })
  const [, host, portText] = /^(.*?)(?::(\d+))?$/.exec(text) ?? []
  return host === undefined ? undefined : withPort({ scheme, host, port, portText })
}

function withPort(parts: {
  readonly scheme: UpstreamScheme
  readonly host: string
  readonly port: number
  readonly portText: string | undefined
}): Omit<Target, 'isAddress'> | undefined {
  const { scheme, portText } = parts
  const port = portText === undefined ? parts.port : Number(portText)
  if (port < 1 || port > 65_535) return undefined
  if (scheme === 'dns') return { scheme, host: parts.host, port, serverName: undefined }
  const [host = '', serverName] = parts.host.split('%')
  return { scheme, host, port, serverName }
}

/** Whether the text is an IP address, with a zone (`%eth0`) or without. */
function isAddress(text: string): boolean {
  const [address = '', ...zone] = text.split('%')
  return parseAddress(address) !== undefined && (zone.length === 0 || (address.includes(':') && zone.join('%') !== ''))
}

function isHostName(text: string): boolean {
  if (!/^[\w.-]+$/.test(text) || /^[\d.]+$/.test(text)) return false
  try {
    return parseName(text) !== '.'
  } catch {
    return false
  }
}
