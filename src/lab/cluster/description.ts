// A cluster as a folder describes it: Kubernetes objects in YAML, nodes' files, upstreams. Both grades of the lab start from this.
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { basename, join, relative, resolve, sep } from 'node:path'
import { isIP } from 'node:net'
import { parseAllDocuments } from 'yaml'
import { isJsonObject } from '../../kube/objects/index.ts'
import type { Json } from '../../kube/objects/index.ts'
import { LabError } from './lab-error.ts'
import { isRawObject, keyOf, objectsAt, textAt, textsAt, valueAt } from './raw-object.ts'
import type { RawObject } from './raw-object.ts'
import { resourceTypeOf } from './resource-types.ts'

/** A resolver outside the cluster. */
export type UpstreamDescription =
  | { readonly address: string; readonly kind: 'silent' }
  /** Runs the Corefile at this path; relative paths in it start from its folder. */
  | { readonly address: string; readonly kind: 'serving'; readonly corefile: string }

export interface ClusterDescription {
  readonly name: string
  /** The folder it was read from. */
  readonly folder: string
  readonly kubernetesVersion: string
  /** When the objects were read, in milliseconds since the Unix epoch; undefined when their times are to be kept. */
  readonly readAt: number | undefined
  readonly serviceCidr: string
  readonly podCidr: string
  readonly clusterDomain: string
  readonly objects: readonly RawObject[]
  /** Node name -> absolute path on the node -> text. */
  readonly nodeFiles: ReadonlyMap<string, ReadonlyMap<string, string>>
  readonly upstreams: readonly UpstreamDescription[]
  /** Names of the faults that are in it as described. */
  readonly faults: readonly string[]
}

const LAB_FILE = 'lab.yaml'
const NODES = 'nodes'

/**
 * Reads a cluster's folder: `lab.yaml`, Kubernetes objects in every other `.yaml` or `.json` file, and under `nodes/NODE/` the
 * files of each node.
 *
 * @throws {LabError} `bad-description` with file and reason
 */
export function readDescription(folder: string): ClusterDescription {
  const root = resolve(folder)
  if (!existsSync(root) || !statSync(root).isDirectory()) throw bad(root, 'there is no such folder')
  if (!existsSync(join(root, LAB_FILE))) throw bad(root, `it has no ${LAB_FILE}`)
  const lab = readDocuments(join(root, LAB_FILE))[0]
  if (!isRawObject(lab) || lab.kind !== 'Lab') throw bad(join(root, LAB_FILE), 'it holds no object of kind Lab')
  const objects = listFiles(root)
    .filter((path) => /\.(ya?ml|json)$/.test(path) && path !== LAB_FILE && !path.startsWith(`${NODES}/`))
    .flatMap((path) => readObjects(join(root, path)))
  checkUnique(objects)
  return {
    name: lab.metadata.name,
    folder: root,
    kubernetesVersion: textAt(lab, 'spec', 'kubernetesVersion') || 'v1.17.6',
    readAt: readMoment(lab, join(root, LAB_FILE)),
    serviceCidr: textAt(lab, 'spec', 'serviceCIDR') || '10.96.0.0/12',
    podCidr: textAt(lab, 'spec', 'podCIDR') || '10.244.0.0/16',
    clusterDomain: textAt(lab, 'spec', 'clusterDomain') || 'cluster.local',
    objects,
    nodeFiles: readNodeFiles(root),
    upstreams: objectsAt(lab, 'spec', 'upstreams').map((upstream) => readUpstream(root, upstream)),
    faults: textsAt(lab, 'spec', 'faults'),
  }
}

function readObjects(path: string): RawObject[] {
  return readDocuments(path).flatMap((document) => {
    const items = isJsonObject(document) && document['kind'] === 'List' ? objectsAt(document, 'items') : [document]
    return items.map((item) => {
      if (!isRawObject(item)) throw bad(path, 'a document is no Kubernetes object (apiVersion, kind, metadata)')
      if (typeof item.metadata.name !== 'string' || item.metadata.name === '')
        throw bad(path, `a ${item.kind} has no name`)
      if (resourceTypeOf(item.apiVersion, item.kind) === undefined) {
        throw bad(path, `the lab's API server has no ${item.apiVersion} ${item.kind}`)
      }
      return item
    })
  })
}

function readDocuments(path: string): unknown[] {
  const documents = parseAllDocuments(readFileSync(path, 'utf8'))
  if (!Array.isArray(documents)) return []
  return documents.map((document) => {
    const [error] = document.errors
    if (error !== undefined) throw bad(path, error.message.split('\n')[0] ?? 'it is not YAML')
    return document.toJS() as unknown
  })
}

function checkUnique(objects: readonly RawObject[]): void {
  const seen = new Set<string>()
  for (const object of objects) {
    const id = `${object.apiVersion} ${object.kind} ${keyOf(object)}`
    if (seen.has(id)) throw new LabError('bad-description', `Cannot use cluster description: ${id} is there twice`)
    seen.add(id)
  }
}

function readNodeFiles(root: string): Map<string, Map<string, string>> {
  const folder = join(root, NODES)
  if (!existsSync(folder)) return new Map()
  const nodes = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  return new Map(
    nodes.map(({ name }) => {
      const files = listFiles(join(folder, name))
      return [name, new Map(files.map((path) => [`/${path}`, readFileSync(join(folder, name, path), 'utf8')]))]
    }),
  )
}

function readUpstream(root: string, upstream: Json): UpstreamDescription {
  const address = textAt(upstream, 'address')
  const file = join(root, LAB_FILE)
  if (isIP(address) === 0) throw bad(file, `upstream address "${address}" is no IP address`)
  if (valueAt(upstream, 'silent') === true) return { address, kind: 'silent' }
  const corefile = resolve(root, textAt(upstream, 'corefile'))
  if (!existsSync(corefile) || !statSync(corefile).isFile()) {
    throw bad(
      file,
      `upstream ${address} needs "silent: true" or a Corefile that exists, not "${textAt(upstream, 'corefile')}"`,
    )
  }
  return { address, kind: 'serving', corefile }
}

function readMoment(lab: Json, file: string): number | undefined {
  const text = textAt(lab, 'spec', 'readAt')
  if (text === '') return undefined
  const moment = Date.parse(text)
  if (Number.isNaN(moment)) throw bad(file, `readAt "${text}" is no RFC 3339 time`)
  return moment
}

/** Relative paths with forward slashes of all files below a folder, sorted. */
function listFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll(sep, '/'))
    .sort()
}

function bad(path: string, why: string): LabError {
  return new LabError(
    'bad-description',
    `Cannot use cluster description ${basename(path) === LAB_FILE ? path : `"${path}"`}: ${why}`,
  )
}
