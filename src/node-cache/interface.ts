// The interface that carries the local addresses: a dummy device, or whatever stands there under its name.
import { UsageError } from '../base/index.ts'
import { parseAddress } from '../dns/index.ts'
import type { CommandResult, RunCommand } from './command.ts'

/** What is to be. */
export interface InterfaceOptions {
  readonly name: string
  readonly addresses: readonly string[]
  readonly run: RunCommand
}

/** What had to be done. */
export interface InterfaceChanges {
  readonly created: boolean
  /** Addresses that were not there. */
  readonly added: readonly string[]
}

/** `ip` answers so to something that exists already. */
const EXISTS = 2

/**
 * Makes the device unless there is one, and puts the addresses on it that are missing.
 *
 * @throws {UsageError} with the complaint of `ip`, and what to do
 */
export async function ensureInterface({ name, addresses, run }: InterfaceOptions): Promise<InterfaceChanges> {
  let present = await listAddresses(name, run)
  const created = present === undefined
  if (created) {
    const made = await run('ip', ['link', 'add', name, 'type', 'dummy'])
    // Another instance may have been quicker.
    if (made.status !== 0 && !/File exists/.test(made.complaint)) throw failure(`create interface ${name}`, made)
    present = []
  }
  const added: string[] = []
  for (const address of addresses) {
    if (present?.some((other) => isSameAddress(other, address)) === true) continue
    const result = await run('ip', ['address', 'add', ...withOptions(address), 'dev', name])
    if (result.status === EXISTS && /already assigned|File exists/.test(result.complaint)) continue
    if (result.status !== 0) throw failure(`add ${address} to interface ${name}`, result)
    added.push(address)
  }
  if (added.some((address) => address.includes(':'))) {
    // IPv4 answers at addresses of a device that is down, IPv6 does not.
    const up = await run('ip', ['link', 'set', name, 'up'])
    if (up.status !== 0) throw failure(`set interface ${name} up`, up)
  }
  return { created, added }
}

/**
 * Takes the device away, if it is there.
 *
 * @throws {UsageError} with the complaint of `ip`
 */
export async function removeInterface({ name, run }: Pick<InterfaceOptions, 'name' | 'run'>): Promise<void> {
  const gone = await run('ip', ['link', 'delete', name])
  if (gone.status !== 0 && !/Cannot find device/.test(gone.complaint)) throw failure(`remove interface ${name}`, gone)
}

/**
 * Takes one address off the device, if it is there.
 *
 * @throws {UsageError} with the complaint of `ip`
 */
export async function removeAddress(
  address: string,
  { name, run }: Pick<InterfaceOptions, 'name' | 'run'>,
): Promise<void> {
  const [prefix = address] = withOptions(address)
  const gone = await run('ip', ['address', 'delete', prefix, 'dev', name])
  if (gone.status === 0 || /Cannot (find device|assign requested address)|not found/.test(gone.complaint)) return
  throw failure(`remove ${address} from interface ${name}`, gone)
}

/** Addresses on a device; undefined when there is no such device. */
async function listAddresses(name: string, run: RunCommand): Promise<readonly string[] | undefined> {
  const shown = await run('ip', ['-o', 'address', 'show', 'dev', name])
  if (shown.status === 0) {
    return [...shown.stdout.matchAll(/\binet6?\s+([0-9a-fA-F.:]+)/g)].map((match) => match[1] ?? '')
  }
  if (/does not exist|Cannot find device/.test(shown.complaint)) return undefined
  throw failure(`look at interface ${name}`, shown)
}

/** IPv6 addresses are the node's at once: nobody else on a device without a wire can have them. */
function withOptions(address: string): string[] {
  return address.includes(':') ? [`${address}/128`, 'nodad'] : [`${address}/32`]
}

function isSameAddress(one: string, other: string): boolean {
  const octets = parseAddress(one)
  const others = parseAddress(other)
  return octets !== undefined && others !== undefined && Buffer.compare(octets, others) === 0
}

function failure(what: string, { complaint }: CommandResult): UsageError {
  const hint = /Unknown device type/.test(complaint)
    ? ' (this kernel has no "dummy" module: load it with "modprobe dummy", or make an interface of that name by other means)'
    : ''
  return new UsageError('bad-configuration', `Cannot ${what}: ${complaint.replace(/^Error: /, '')}${hint}`)
}
