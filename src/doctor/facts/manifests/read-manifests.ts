// Reads manifests from files, folders (recursively) and standard input into one collection of objects.
import { closeSync, openSync, readSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { groupObjects, type ClusterObjects } from '../../../kube/objects/index.ts'
import { ManifestError } from './error.ts'
import {
  ManifestCollection,
  createJsonReader,
  createYamlReader,
  looksLikeJson,
  type ManifestProblem,
  type ManifestReader,
} from './manifest-reader.ts'

/** How far reading has come. */
export interface ManifestProgress {
  readonly path: string
  readonly octets: number
  /** Of all files; absent for standard input. */
  readonly totalOctets?: number
  readonly objects: number
}

export interface ManifestOptions {
  /** Files, folders, or `-` for standard input. */
  readonly paths: readonly string[]
  /** What `-` reads. */
  readonly stdin: AsyncIterable<Buffer | string>
  readonly onProgress?: ((progress: ManifestProgress) => void) | undefined
}

export interface Manifests {
  readonly objects: ClusterObjects
  /** Kinds that this program does not read, `apiVersion/Kind` to number. */
  readonly ignored: ReadonlyMap<string, number>
  /** What folders held besides Kubernetes objects; a file that was named itself fails instead. */
  readonly problems: readonly ManifestProblem[]
  /** The folders among the paths: node files may lie in them, under `nodes/NAME/`. */
  readonly folders: readonly string[]
}

const CHUNK_OCTETS = 1 << 20
/** YAML is parsed between chunks: smaller ones keep the progress moving. */
const YAML_CHUNK_OCTETS = 1 << 18
const MANIFEST = /\.(json|ya?ml)$/i

/**
 * Reads every manifest under the paths.
 *
 * A list is read item by item, so memory holds the objects' few fields and never a whole dump. JSON is told from YAML by
 * its first character. In a folder only `.json`, `.yaml` and `.yml` files count, hidden ones and links to folders do not.
 *
 * @throws {ManifestError} a path cannot be read, is no JSON or YAML, or holds no Kubernetes object at all
 */
export async function readManifests(options: ManifestOptions): Promise<Manifests> {
  const collection = new ManifestCollection()
  const named = options.paths.map((path) => ({ path, kind: kindOf(path) }))
  const files = named.flatMap(({ path, kind }) =>
    kind === 'folder' ? manifestsIn(path).map((file) => ({ path: file, named: false })) : [{ path, named: true }],
  )
  const totalOctets = files.reduce((sum, { path }) => sum + (path === '-' ? 0 : statSync(path).size), 0)
  const isKnown = !options.paths.includes('-')
  let before = 0
  for (const file of files) {
    const report = (octets: number): void =>
      options.onProgress?.({
        path: file.path,
        octets: before + octets,
        objects: collection.objects.length,
        ...(isKnown ? { totalOctets } : {}),
      })
    const found = collection.manifestProblems.length
    const chunks = file.path === '-' ? options.stdin : fileChunks(file.path)
    try {
      before += await readStream(displayName(file.path), chunks, { into: collection, report })
    } catch (error) {
      // Folders hold all sorts of YAML, Helm templates among them; only what the user named must be right.
      if (file.named || !(error instanceof ManifestError) || error.code !== 'syntax') throw error
      collection.manifestProblems.push({ path: file.path, at: '', why: error.message })
    }
    if (file.named) failOn(collection.manifestProblems[found])
  }
  const objects = groupObjects([collection])
  if (collection.objects.length + collection.fromEndpoints.length === 0) throw nothingFound(options.paths, collection)
  return {
    objects,
    ignored: collection.ignored,
    problems: collection.manifestProblems,
    folders: named.filter(({ kind }) => kind === 'folder').map(({ path }) => path),
  }
}

interface StreamOptions {
  readonly into: ManifestCollection
  readonly report: (octets: number) => void
}

async function readStream(
  name: string,
  chunks: AsyncIterable<Buffer | string> | Iterable<Buffer>,
  { into, report }: StreamOptions,
): Promise<number> {
  let reader: ManifestReader | undefined
  let isJson = false
  let octets = 0
  for await (const piece of chunks) {
    const chunk = typeof piece === 'string' ? Buffer.from(piece) : piece
    if (reader === undefined) {
      isJson = looksLikeJson(chunk)
      reader = isJson ? createJsonReader(name, into) : createYamlReader(name, into, await yamlParser())
    }
    const step = isJson ? chunk.length : YAML_CHUNK_OCTETS
    for (let from = 0; from < chunk.length; from += step) {
      reader.push(chunk.subarray(from, from + step))
      report(octets + Math.min(from + step, chunk.length))
      if (!isJson) await setImmediate()
    }
    octets += chunk.length
  }
  reader?.end()
  return octets
}

function* fileChunks(path: string): Generator<Buffer> {
  const descriptor = openFile(path)
  try {
    // One buffer for all chunks: readers copy what they keep.
    const buffer = Buffer.allocUnsafe(CHUNK_OCTETS)
    for (;;) {
      const octets = readSync(descriptor, buffer, 0, buffer.length, null)
      if (octets === 0) return
      yield buffer.subarray(0, octets)
    }
  } finally {
    closeSync(descriptor)
  }
}

async function yamlParser(): Promise<(text: string) => unknown> {
  const { parse } = await import('yaml')
  // Kubernetes reads YAML 1.1, but lets strings be strings; `uniqueKeys` off because kubectl takes the last one too.
  return (text) => parse(text, { merge: true, uniqueKeys: false, logLevel: 'error' }) as unknown
}

// --- Files ---

function kindOf(path: string): 'file' | 'folder' | 'stdin' {
  if (path === '-') return 'stdin'
  try {
    return statSync(path).isDirectory() ? 'folder' : 'file'
  } catch (error) {
    throw unreadable(path, error)
  }
}

function openFile(path: string): number {
  try {
    return openSync(path, 'r')
  } catch (error) {
    throw unreadable(path, error)
  }
}

function manifestsIn(folder: string): string[] {
  const files: string[] = []
  const walk = (directory: string): void => {
    const entries = readdirSync(directory, { withFileTypes: true }).filter(({ name }) => !name.startsWith('.'))
    for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = join(directory, entry.name)
      if (entry.isDirectory()) walk(path)
      else if (MANIFEST.test(entry.name) && statSync(path, { throwIfNoEntry: false })?.isFile() === true)
        files.push(path)
    }
  }
  try {
    walk(folder)
  } catch (error) {
    throw unreadable(folder, error)
  }
  if (files.length === 0) {
    throw new ManifestError('unreadable', `Cannot read manifests from ${folder}: no .json, .yaml or .yml file in it`, {
      path: folder,
    })
  }
  return files
}

// --- Errors ---

function unreadable(path: string, error: unknown): ManifestError {
  const code = (error as NodeJS.ErrnoException).code
  const why =
    code === 'ENOENT' ? 'no such file or folder' : code === 'EACCES' ? 'permission denied' : (error as Error).message
  return new ManifestError('unreadable', `Cannot read manifest ${path}: ${why}`, { path })
}

function failOn(problem: ManifestProblem | undefined): void {
  if (problem === undefined) return
  const at = problem.at === '' ? '' : ` (${problem.at})`
  throw new ManifestError('not-an-object', `Cannot use ${problem.path}${at}: ${problem.why}`, { path: problem.path })
}

function nothingFound(paths: readonly string[], collection: ManifestCollection): ManifestError {
  const path = paths.map(displayName).join(', ')
  const kinds = [...collection.ignored].slice(0, 5).map(([kind, count]) => `${count} ${kind}`)
  const problem = collection.manifestProblems[0]
  const found =
    kinds.length > 0
      ? `found only ${kinds.join(', ')}`
      : problem === undefined
        ? 'it is empty'
        : `${problem.path}: ${problem.why}`
  return new ManifestError(
    'not-an-object',
    `Cannot use ${path}: it holds no object that DNS depends on; ${found}. ` +
      'Give what "kubectl get ns,svc,endpointslices,pods,nodes,configmaps,daemonsets -A -o json" prints',
    { path },
  )
}

function displayName(path: string): string {
  return path === '-' ? 'standard input' : path
}
