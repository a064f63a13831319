// A place on this machine that has a network namespace of its own: a pod, a node of a lab, a container, a process.
import type { FileResult, Place, Skipped, Vantage, Vantages } from '../vantage.ts'
import { startCapture } from './start-capture.ts'
import { NamespaceThread } from './namespace-thread.ts'
import { readInRoot } from './read-in-root.ts'
import type { NamespaceFiles, NamespaceTarget } from './target.ts'

export interface NamespaceOptions {
  /** The bundled entry of the thread; default: beside the program. */
  readonly workerUrl?: URL
}

/** A vantage that holds its threads until it is closed. */
export interface NamespaceVantage extends Vantage {
  close(): Promise<void>
}

/** Enters a namespace; `skipped` says what is missing. */
export async function openNamespace(
  target: NamespaceTarget,
  {
    place,
    workerUrl = new URL('./namespace-worker.js', import.meta.url),
  }: NamespaceOptions & { readonly place: Place },
): Promise<NamespaceVantage | Skipped> {
  if (process.platform !== 'linux') {
    return { kind: 'skipped', why: `network namespaces are Linux's, this is ${process.platform}` }
  }
  const thread = await NamespaceThread.start(target.netns, workerUrl)
  if (!(thread instanceof NamespaceThread)) return thread
  // Starting the tools that print rules, and reading long tables, would keep answers waiting.
  let tables: Promise<NamespaceThread | Skipped> | undefined
  return {
    place,
    how: target.how,
    exchange: (request) => thread.call('exchange', request),
    httpGet: (request) => thread.call('httpGet', request),
    async kernelTables(request) {
      tables ??= NamespaceThread.start(target.netns, workerUrl)
      const reader = await tables
      return reader instanceof NamespaceThread ? reader.call('kernelTables', request) : reader
    },
    readFile: async (path) => thread.gone() ?? readFirst(target.files, path),
    startCapture: () => startCapture(target.netns),
    async close() {
      const reader = await tables
      await Promise.all([thread.close(), ...(reader instanceof NamespaceThread ? [reader.close()] : [])])
    },
  }
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

/** Vantages of places with namespaces: threads of their own, entered when first asked for. */
export function namespaceVantages({ locate, ...options }: NamespaceVantagesOptions): Vantages {
  const opened = new Map<string, Promise<NamespaceVantage | Skipped | Vantage>>()
  const open = async (place: Place): Promise<NamespaceVantage | Skipped | Vantage> => {
    const found = await locate(place)
    return 'netns' in found ? openNamespace(found, { ...options, place }) : found
  }
  return {
    at(place) {
      const key = JSON.stringify(place)
      const vantage = opened.get(key) ?? open(place)
      opened.set(key, vantage)
      return vantage
    },
    async close() {
      const all = await Promise.all(opened.values())
      opened.clear()
      await Promise.all(all.flatMap((vantage) => ('close' in vantage ? [vantage.close()] : [])))
      await NamespaceThread.closeStragglers()
    },
  }
}
