// Makes the Corefile that is served: template and kube-dns ConfigMap in, file out; looks from time to time whether they changed.
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { UsageError, describeError } from '../base/index.ts'
import { goFileError } from '../server/index.ts'
import type { NodeCacheFlags } from './flags.ts'
import { NO_KUBE_DNS_CONFIG, formatStubBlocks, parseKubeDnsConfig } from './kube-dns-config.ts'
import type { KubeDnsConfig } from './kube-dns-config.ts'
import { fillTemplate, serviceHostVariable } from './pillars.ts'
import type { CountSetupError } from './setup-errors.ts'

/** Where kube-dns's ConfigMap is mounted when nothing else is said. */
const DEFAULT_KUBE_DNS_DIRECTORY = '/etc/kube-dns'

export interface CorefileSourceOptions {
  readonly flags: NodeCacheFlags
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

export function createCorefileWriter({ flags, environment, say, count }: CorefileSourceOptions): CorefileWriter {
  const kubeDnsDirectory = kubeDnsDirectoryOf(flags)
  let config: KubeDnsConfig = NO_KUBE_DNS_CONFIG
  let seen = ''
  const digest = (): string =>
    [kubeDnsDirectory, dirname(flags.baseCorefile)].map((path) => directoryDigest(path)).join(' ')

  function readConfig(): void {
    if (kubeDnsDirectory === '') return
    try {
      config = parseKubeDnsConfig({
        stubDomains: readIfThere(join(kubeDnsDirectory, 'stubDomains')),
        upstreamNameservers: readIfThere(join(kubeDnsDirectory, 'upstreamNameservers')),
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
      if (readIfThere(flags.corefile) === whole) return false
      replaceFile(flags.corefile, whole)
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
      return readFileSync(flags.baseCorefile, 'utf8')
    } catch (error) {
      count('configmap')
      say(
        `[ERROR] Failed to read node-cache coreFile ${flags.baseCorefile} - ${goFileError(flags.baseCorefile, error)}; ${flags.corefile} is served as it is`,
      )
      return undefined
    }
  }
}

function kubeDnsDirectoryOf({ kubeDnsDirectory }: NodeCacheFlags): string {
  if (kubeDnsDirectory !== '') return kubeDnsDirectory
  return statSync(DEFAULT_KUBE_DNS_DIRECTORY, { throwIfNoEntry: false })?.isDirectory() === true
    ? DEFAULT_KUBE_DNS_DIRECTORY
    : ''
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

/** Readers see the old file or the new one, whole. */
function replaceFile(path: string, text: string): void {
  const next = join(dirname(path), `.${process.pid}.fathom-corefile`)
  try {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(next, text)
    renameSync(next, path)
  } catch (error) {
    rmSync(next, { force: true })
    try {
      // A single file mounted into the container cannot be replaced, only written.
      writeFileSync(path, text)
    } catch {
      throw new UsageError('bad-configuration', `Cannot write the Corefile ${path}: ${describeError(error)}`)
    }
  }
}

/** SHA-256 over the files of a directory; hidden ones (a mounted ConfigMap's machinery) and sub-directories do not count. */
export function directoryDigest(directory: string): string {
  if (directory === '') return ''
  const hash = createHash('sha256')
  try {
    for (const name of readdirSync(directory).sort()) {
      if (name.startsWith('.')) continue
      const path = join(directory, name)
      if (!statSync(path).isFile()) continue
      hash.update(`${name}\0`).update(readFileSync(path)).update('\0')
    }
  } catch {
    // Gone for a moment, or never there: an empty directory's digest.
  }
  return hash.digest('hex')
}
