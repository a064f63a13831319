// Makes the Corefile that is served: template and kube-dns ConfigMap in, file out; looks from time to time whether they changed.
import { createHash } from 'node:crypto'
import { dirname, join } from 'node:path'
import { UsageError, describeError } from '../base/index.ts'
import { goFileError } from '../server/index.ts'
import type { Files } from '../server/index.ts'
import type { NodeCacheFlags } from './flags.ts'
import { NO_KUBE_DNS_CONFIG, formatStubBlocks, parseKubeDnsConfig } from './kube-dns-config.ts'
import type { KubeDnsConfig } from './kube-dns-config.ts'
import type { WritableFiles } from './node-access.ts'
import { fillTemplate, serviceHostVariable } from './pillars.ts'
import type { CountSetupError } from './setup-errors.ts'

/** Where kube-dns's ConfigMap is mounted when nothing else is said. */
const DEFAULT_KUBE_DNS_DIRECTORY = '/etc/kube-dns'

export interface CorefileSourceOptions {
  readonly flags: NodeCacheFlags
  readonly files: WritableFiles
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly say: (line: string) => void
  readonly count: CountSetupError
}

/** The Corefile's making. */
export interface CorefileWriter {
  /**
   * Reads template and ConfigMap and writes the Corefile if it is another one.
   *
   * A template that is not there leaves the Corefile as it is.
   *
   * @returns whether the file changed
   * @throws {UsageError} when the template cannot be filled in
   */
  write(): boolean
  /** Whether what `write` reads has changed since it last ran. */
  hasNews(): boolean
}

export function createCorefileWriter(options: CorefileSourceOptions): CorefileWriter {
  const { flags, files, environment, say, count } = options
  const kubeDnsDirectory = kubeDnsDirectoryOf(flags, files)
  let config: KubeDnsConfig = NO_KUBE_DNS_CONFIG
  let seen = ''
  const digest = (): string =>
    [kubeDnsDirectory, dirname(flags.baseCorefile)].map((path) => directoryDigest(files, path)).join(' ')

  function readConfig(): void {
    if (kubeDnsDirectory === '') return
    try {
      config = parseKubeDnsConfig({
        stubDomains: readIfThere(files, join(kubeDnsDirectory, 'stubDomains')),
        upstreamNameservers: readIfThere(files, join(kubeDnsDirectory, 'upstreamNameservers')),
      })
    } catch (error) {
      count('configmap')
      say(`[ERROR] Invalid configuration: ${describeError(error)}, ignoring update`)
    }
  }

  return {
    hasNews: () => digest() !== seen,
    write() {
      seen = digest()
      readConfig()
      const template = readTemplate()
      if (template === undefined) return false
      const variable = serviceHostVariable(flags.upstreamService)
      const { text, warnings } = fillTemplate(template, {
        clusterDns: environment[variable],
        clusterDnsVariable: variable,
        localAddresses: flags.localAddresses,
        upstreamServers: config.upstreamServers,
        prometheusAddress: flags.prometheusAddress,
      })
      for (const warning of warnings) say(`[WARNING] ${warning}`)
      const whole = text + formatStubBlocks(config, { port: flags.dnsPort, localAddresses: flags.localAddresses })
      if (readIfThere(files, flags.corefile) === whole) return false
      writeCorefile(whole)
      const { stubDomains, upstreamServers } = config
      say(
        `[INFO] Updated Corefile with ${stubDomains.length} custom stubdomains and upstream servers ` +
          (upstreamServers.length === 0 ? '/etc/resolv.conf' : upstreamServers.join(' ')),
      )
      say(`[INFO] Using config file:\n${whole}`)
      return true
    },
  }

  function readTemplate(): string | undefined {
    try {
      return files.readText(flags.baseCorefile)
    } catch (error) {
      count('configmap')
      say(
        `[ERROR] Failed to read node-cache coreFile ${flags.baseCorefile} - ${goFileError(flags.baseCorefile, error)}; ${flags.corefile} is served as it is`,
      )
      return undefined
    }
  }

  function writeCorefile(text: string): void {
    try {
      files.writeText(flags.corefile, text)
    } catch (error) {
      throw new UsageError('bad-configuration', `Cannot write the Corefile ${flags.corefile}: ${describeError(error)}`)
    }
  }
}

function kubeDnsDirectoryOf({ kubeDnsDirectory }: NodeCacheFlags, files: Files): string {
  if (kubeDnsDirectory !== '') return kubeDnsDirectory
  return files.stat(DEFAULT_KUBE_DNS_DIRECTORY)?.isDirectory === true ? DEFAULT_KUBE_DNS_DIRECTORY : ''
}

function readIfThere(files: Files, path: string): string | undefined {
  try {
    return files.readText(path)
  } catch {
    return undefined
  }
}

/** SHA-256 over the files of a directory; hidden ones (a mounted ConfigMap's machinery) and sub-directories do not count. */
export function directoryDigest(files: Files, directory: string): string {
  if (directory === '') return ''
  const hash = createHash('sha256')
  for (const name of [...files.list(directory)].sort()) {
    if (name.startsWith('.')) continue
    const path = join(directory, name)
    // Gone for a moment: as if it were not there.
    const text = files.stat(path)?.isDirectory === false ? readIfThere(files, path) : undefined
    if (text !== undefined) hash.update(`${name}\0`).update(text).update('\0')
  }
  return hash.digest('hex')
}
