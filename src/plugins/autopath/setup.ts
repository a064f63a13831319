// autopath [ZONES...] RESOLV-CONF|@PLUGIN: the directive's tokens to options.
import { isAbsolute, join } from 'node:path'
import { describeError } from '../../base/index.ts'
import type { Dispenser } from '../../corefile/index.ts'
import type { DomainName } from '../../dns/index.ts'
import type { SetupContext } from '../../server/index.ts'
import { zoneArguments } from '../arguments.ts'
import { readSearchList } from '../search-list.ts'

export interface AutopathOptions {
  readonly zones: readonly DomainName[]
  /** The search path, ending in the empty string; or the plugin that knows the client's. */
  readonly search: readonly string[] | { readonly plugin: string }
}

/** Reads the directive; a second one in a block replaces the first, as in CoreDNS. @throws {CorefileError} */
export function parseAutopath(dispenser: Dispenser, context: SetupContext): AutopathOptions {
  let options: AutopathOptions = { zones: [], search: [] }
  while (dispenser.next()) {
    const args = dispenser.remainingArgs()
    const source = args.pop()
    if (source === undefined) throw dispenser.error('no resolv-conf specified')
    const search = source.startsWith('@') ? { plugin: source.slice(1) } : readSearch(dispenser, source, context)
    options = { zones: zoneArguments(dispenser, args, context), search }
    dispenser.expectNoBlock()
  }
  return options
}

function readSearch(dispenser: Dispenser, path: string, { files, root }: SetupContext): readonly string[] {
  try {
    return [...readSearchList(files.readText(isAbsolute(path) ? path : join(root, path))), '']
  } catch (error) {
    throw dispenser.error(`failed to parse "${path}": ${describeError(error)}`)
  }
}
