// The file behind the table: read at the start, and again when its time or size changed.
import { Stamp } from '../../base/index.ts'
import type { Timer } from '../../base/index.ts'
import type { PluginEnv } from '../../server/index.ts'
import type { HostsOptions } from './setup.ts'
import { findAddresses, readHostTable, type HostAddresses, type HostTable } from './table.ts'

/** Lines of the file and of the Corefile, as they are now. */
export class HostSource {
  readonly #options: HostsOptions
  readonly #env: PluginEnv
  readonly #inline: HostTable
  #file: HostTable
  #seen = ''
  #timer: Timer | undefined
  /** Another one after each change to the file. */
  readonly stamp: Stamp = new Stamp()

  constructor(options: HostsOptions, env: PluginEnv) {
    this.#options = options
    this.#env = env
    this.#inline = readHostTable(options.inline, options)
    this.#file = readHostTable('', options)
    this.#refresh()
    this.#wait()
  }

  /** Of the file first, then of the Corefile; undefined when neither knows the name. */
  addressesOf(name: string): HostAddresses | undefined {
    const file = findAddresses(this.#file, name)
    const inline = findAddresses(this.#inline, name)
    if (file === undefined || inline === undefined) return file ?? inline
    return { ipv4: [...file.ipv4, ...inline.ipv4], ipv6: [...file.ipv6, ...inline.ipv6] }
  }

  /** In the order of the lines; `address` in canonical text. */
  namesOf(address: string): readonly string[] {
    return [...(this.#file.byAddress.get(address) ?? []), ...(this.#inline.byAddress.get(address) ?? [])]
  }

  close(): void {
    this.#timer?.clear()
  }

  #wait(): void {
    if (this.#options.reloadMs <= 0) return
    this.#timer = this.#env.clock.setTimeout(() => {
      this.#refresh()
      this.#wait()
    }, this.#options.reloadMs)
    this.#timer.unref()
  }

  #refresh(): void {
    const { files, log, metrics } = this.#env
    const { file } = this.#options
    let changedAtMs = 0
    try {
      const stat = files.stat(file)
      if (stat !== undefined && !stat.isDirectory) {
        const seen = `${stat.mtimeMs} ${stat.sizeBytes}`
        if (seen === this.#seen) return
        this.#file = readHostTable(files.readText(file), this.#options)
        this.#seen = seen
        this.stamp.change()
        changedAtMs = stat.mtimeMs
      } else if (this.#seen !== '') {
        return
      }
    } catch (error) {
      log.warning(`Cannot read ${file}: ${error instanceof Error ? error.message : String(error)}`)
      return
    }
    const entries = this.#file.entries + this.#inline.entries
    log.debug(`Parsed hosts file into ${entries} entries`)
    metrics
      .gauge({
        name: 'coredns_hosts_entries',
        help: 'Addresses and names, of the file and of the Corefile together.',
        labels: ['hostsfile'],
      })
      .set(entries, [file])
    if (changedAtMs > 0) {
      metrics
        .gauge({ name: 'coredns_hosts_reload_timestamp_seconds', help: 'When the hosts file was last changed.' })
        .set(changedAtMs / 1000)
    }
  }
}
