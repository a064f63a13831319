// A place on this machine that has a network namespace of its own: a pod, a node of a lab, a container, a process.
import { describeError } from '../../base/errors.ts'
import { exchangeFrom, getFrom } from '../here.ts'
import type { FileResult, Place, Vantage, Vantages } from '../vantage.ts'
import type { Skipped } from '../skipped.ts'
import { openSpace } from './open-space.ts'
import type { NamespaceSpace } from './open-space.ts'
import { readInRoot } from './read-in-root.ts'
import { TablesThread } from './tables-thread.ts'
import type { NamespaceFiles, NamespaceTarget } from './target.ts'

export interface NamespaceOptions {
  /** The bundled entry of the thread; default: beside the program. */
  readonly workerUrl?: URL
}

/** A vantage that holds its namespace, and its thread, until it is closed. */
export interface NamespaceVantage extends Vantage {
  close(): Promise<void>
}

/** Enters a namespace; `skipped` says what is missing. */
export async function openNamespace(
  target: NamespaceTarget,
  { place, ...options }: NamespaceOptions & { readonly place: Place },
): Promise<NamespaceVantage | Skipped> {
  const tables = shareThread(options)
  const vantage = await openWith(tables, target, place)
  if ('kind' in vantage) return vantage
  return {
    ...vantage,
    async close() {
      await Promise.all([vantage.close(), tables.close()])
    },
  }
}

/** A thread for tables that is started when the first are wanted. */
interface SharedThread {
  get(): Promise<TablesThread | Skipped>
  close(): Promise<void>
}

/** Starting the programs that print rules, and reading long tables, would keep answers waiting: that is a thread's work. */
function shareThread({
  workerUrl = new URL('./namespace-worker.js', import.meta.url),
}: NamespaceOptions): SharedThread {
  let thread: Promise<TablesThread | Skipped> | undefined
  return {
    get: () => (thread ??= TablesThread.start(workerUrl)),
    async close() {
      const started = await thread
      if (started instanceof TablesThread) await started.close()
      await TablesThread.closeStragglers()
    },
  }
}

async function openWith(
  tables: SharedThread,
  target: NamespaceTarget,
  place: Place,
): Promise<NamespaceVantage | Skipped> {
  if (process.platform !== 'linux') {
    return { kind: 'skipped', why: `network namespaces are Linux's, this is ${process.platform}` }
  }
  const space = openSpace(target.netns)
  if ('kind' in space) return space
  return {
    place,
    how: target.how,
    exchange: (request) => whileThere(space, () => exchangeFrom(request, space)),
    httpGet: (request) => whileThere(space, () => getFrom(request, space)),
    kernelTables: (request) =>
      whileThere(space, async () => {
        const reader = await tables.get()
        return reader instanceof TablesThread ? reader.read(target.netns, request) : reader
      }),
    readFile: async (path) => space.gone() ?? readFirst(target.files, path),
    async startCapture() {
      // The whole analysis of captures, which few runs need.
      const { startCapture } = await import('./start-capture.ts')
      return startCapture(target.netns)
    },
    async close() {
      space.close()
    },
  }
}

/** Asks while the namespace is there; what cannot be asked, or came when it was gone, is `skipped`. */
async function whileThere<Result extends object>(
  space: NamespaceSpace,
  ask: () => Promise<Result>,
): Promise<Result | Skipped> {
  const before = space.gone()
  if (before !== undefined) return before
  const result = await ask().catch((error: unknown): Skipped => ({ kind: 'skipped', why: describeError(error) }))
  // Silence out of a namespace whose pod is gone says nothing about DNS; what came before stays valid.
  return isResponse(result) ? result : (space.gone() ?? result)
}

function isResponse(result: object): boolean {
  return 'kind' in result && result.kind === 'response'
}

/** The first of the places where a file may lie that has it. */
async function readFirst(files: readonly NamespaceFiles[], path: string): Promise<FileResult> {
  let result: FileResult = { kind: 'absent' }
  for (const { kind, path: directory } of files) {
    if (kind === 'etc' && !path.startsWith('/etc/')) continue
    result = await readInRoot(directory, kind === 'etc' ? path.slice('/etc'.length) : path)
    if (result.kind !== 'absent') return result
  }
  return result
}

export interface NamespaceVantagesOptions extends NamespaceOptions {
  /** Finds the namespace of a place; a vantage stands for a place that needs none. */
  readonly locate: (place: Place) => Promise<NamespaceTarget | Skipped | Vantage>
}

/** Vantages of places with namespaces, each opened when first asked for; one thread reads the tables of all. */
export function namespaceVantages({ locate, ...options }: NamespaceVantagesOptions): Vantages {
  const opened = new Map<string, Promise<NamespaceVantage | Skipped | Vantage>>()
  const tables = shareThread(options)
  const open = async (place: Place): Promise<NamespaceVantage | Skipped | Vantage> => {
    const found = await locate(place)
    return 'netns' in found ? openWith(tables, found, place) : found
  }
  return {
    at(place) {
      const key = JSON.stringify(place)
      const vantage = opened.get(key) ?? open(place)
      opened.set(key, vantage)
      return vantage
    },
    prepareTables() {
      // Whoever wants tables hears why they cannot be had.
      tables.get().catch(() => undefined)
    },
    async close() {
      const all = await Promise.all(opened.values())
      opened.clear()
      await Promise.all(all.flatMap((vantage) => ('close' in vantage ? [vantage.close()] : [])))
      await tables.close()
    },
  }
}
