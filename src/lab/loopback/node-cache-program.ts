// A node cache of the lab: the product itself, on a node that is the lab's. Interface and rules are the switchboard's here, so there
// is nothing to set up; what the cache writes stays with its process.
import { posix } from 'node:path'
import { parseNodeCacheFlags, startNodeCache } from '../../node-cache/index.ts'
import type { NodeAccess, WritableFiles } from '../../node-cache/index.ts'
import type { Files } from '../../server/index.ts'
import { textsAt } from '../cluster/raw-object.ts'
import { readyProbe } from './ready-probe.ts'
import type { Program } from './program.ts'

/** Runs `fathom node-cache` with the container's arguments. */
export const startNodeCacheProgram: Program = async (context) => {
  const { container, files, environment, network, log, onExit } = context
  const args = [...textsAt(container, 'command').slice(1), ...textsAt(container, 'args')]
  const flags = { ...parseNodeCacheFlags(args), setupInterface: false, setupIptables: false }
  const node: NodeAccess = {
    files: writable(files),
    network,
    run: async (program) => ({ status: undefined, stdout: '', complaint: `the lab does not run ${program}` }),
    lacks: () => [],
    // Each node of the lab has one.
    mark: async () => ({ hasOthers: () => false, withdraw: () => {} }),
    isHeld: () => false,
  }
  const server = await startNodeCache({
    flags,
    environment,
    write: (text) => {
      for (const line of text.replace(/\n$/, '').split('\n')) log(line)
    },
    onFatal: onExit,
    node,
  })
  return {
    readyPath: readyProbe(container),
    writesServiceRules: false,
    stop: () => server.stop({ atOnce: true }),
  }
}

/** The pod's files, and over them what its program wrote. */
function writable(files: Files): WritableFiles {
  const written = new Map<string, { readonly text: string; readonly mtimeMs: number }>()
  const find = (path: string) => written.get(posix.resolve('/', path))
  let writes = 0
  return {
    readText: (path) => find(path)?.text ?? files.readText(path),
    stat(path) {
      const found = find(path)
      if (found === undefined) return files.stat(path)
      return { mtimeMs: found.mtimeMs, sizeBytes: Buffer.byteLength(found.text), isDirectory: false }
    },
    list(directory) {
      const own = [...written.keys()].filter((path) => posix.dirname(path) === posix.resolve('/', directory))
      return [...new Set([...files.list(directory), ...own.map((path) => posix.basename(path))])]
    },
    writeText(path, text) {
      // Only that it changes is looked at.
      writes += 1
      written.set(posix.resolve('/', path), { text, mtimeMs: writes })
    },
    remove: (path) => void written.delete(posix.resolve('/', path)),
  }
}
