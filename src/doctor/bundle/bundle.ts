// What one run of the doctor saw, as a file: facts, ladder and the question; enough to judge again without the cluster.
import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import { BaseError, PROGRAM_VERSION, describeError } from '../../base/index.ts'
import type { ClusterFacts } from '../facts/index.ts'
import type { Ladder } from '../ladder/index.ts'
import { redactSecrets } from './redact.ts'
import { reduceForBundle } from './reduce.ts'
import { readSharedJson, writeSharedJson } from './shared-json.ts'
import { readTar, writeTar } from './tar.ts'

/** What the user asked; judging again needs it. */
export interface BundleOptions {
  readonly name?: { readonly text: string; readonly type?: string; readonly searches?: readonly string[] }
  /** As `--from` gave it; for people. */
  readonly from?: string
  readonly externalName?: string
  /** Pods that were asked from. */
  readonly pods: readonly { readonly namespace: string; readonly name: string }[]
}

export interface BundleManifest {
  readonly schemaVersion: 1
  /** Version of the program that collected it. */
  readonly fathom: string
  /** RFC 3339. */
  readonly collectedAt: string
  readonly options: BundleOptions
}

export interface Bundle {
  readonly manifest: BundleManifest
  readonly facts: ClusterFacts
  readonly ladder: Ladder
}

/** A bundle that cannot be read; the message fits behind "Cannot read FILE: ". */
export class BundleError extends BaseError<'bad-bundle'> {}

const FILES = ['manifest.json', 'facts.json', 'ladder.json'] as const
/** A cluster of 50,000 pods comes to a third of it; a longer text would not fit a string. */
const MAX_UNPACKED = 500 * 1024 * 1024
const MANIFEST_VERSION = 1
const FACTS_VERSION = 1

/** Packs a bundle: a gzipped tar archive of three JSON files, without what looks like a secret. */
export async function packBundle(
  seenFacts: ClusterFacts,
  seenLadder: Ladder,
  options: BundleOptions,
): Promise<Uint8Array> {
  const { facts, ladder } = redactSecrets({ facts: seenFacts, ladder: seenLadder })
  const manifest: BundleManifest = {
    schemaVersion: MANIFEST_VERSION,
    fathom: PROGRAM_VERSION,
    collectedAt: facts.collectedAt,
    options,
  }
  const texts: Record<(typeof FILES)[number], string> = {
    'manifest.json': `${JSON.stringify(manifest, null, 2)}\n`,
    'facts.json': writeSharedJson(facts, { isShared, reduce: reduceForBundle }),
    'ladder.json': writeSharedJson(ladder, { isShared }),
  }
  const files = FILES.map((name) => ({ name, octets: Buffer.from(texts[name]) }))
  const tar = writeTar(files, Math.floor(Date.parse(facts.collectedAt) / 1000))
  if (tar.length > MAX_UNPACKED)
    throw new BundleError('bad-bundle', `it would unpack to more than ${MAX_UNPACKED} octets`)
  return promisify(gzip)(tar)
}

/**
 * Reads a bundle.
 *
 * @throws {BundleError} anything that {@link packBundle} did not write
 */
export async function unpackBundle(octets: Uint8Array): Promise<Bundle> {
  try {
    const files = new Map(readTar(await unzip(octets)).map(({ name, octets: content }) => [name, content]))
    const [manifest, facts, ladder] = FILES.map((name) => {
      const content = files.get(name)
      if (content === undefined) throw new BundleError('bad-bundle', `there is no ${name} in it`)
      return readSharedJson(Buffer.from(content).toString('utf8'), { isShared })
    })
    checkShape(manifest, MANIFEST_SHAPE, 'manifest.json')
    checkVersion(manifest, MANIFEST_VERSION)
    checkShape(facts, FACTS_SHAPE, 'facts.json')
    checkVersion(facts, FACTS_VERSION)
    checkShape(ladder, LADDER_SHAPE, 'ladder.json')
    return { manifest, facts, ladder } as Bundle
  } catch (error) {
    if (error instanceof BundleError) throw error
    if (error instanceof BaseError) throw new BundleError('bad-bundle', describeError(error), { cause: error })
    throw error
  }
}

/** Objects of Kubernetes and Corefiles stand in lists and again where something follows from them. */
function isShared(value: Readonly<Record<string, unknown>>): boolean {
  return 'meta' in value || 'blocks' in value
}

async function unzip(octets: Uint8Array): Promise<Uint8Array> {
  try {
    return await promisify(gunzip)(octets, { maxOutputLength: MAX_UNPACKED })
  } catch (error) {
    const isLarge = error instanceof RangeError
    const why = isLarge ? `it unpacks to more than ${MAX_UNPACKED} octets` : 'it is no gzip file, or a damaged one'
    throw new BundleError('bad-bundle', why, { cause: error })
  }
}

/** The outermost shape: what lies deeper is found out when it is judged. */
type Shape = { readonly [key: string]: Shape | 'array' | 'number' | 'string' }

const MANIFEST_SHAPE: Shape = {
  schemaVersion: 'number',
  fathom: 'string',
  collectedAt: 'string',
  options: { pods: 'array' },
}
const FACTS_SHAPE: Shape = {
  schemaVersion: 'number',
  source: { kind: 'string', description: 'string', namespace: 'string' },
  collectedAt: 'string',
  objects: {
    namespaces: 'array',
    services: 'array',
    endpointSlices: 'array',
    pods: 'array',
    nodes: 'array',
    configMaps: 'array',
    workloads: 'array',
    networkPolicies: 'array',
    events: 'array',
    serviceImports: 'array',
    clusterRoles: 'array',
    clusterRoleBindings: 'array',
    ciliumNetworkPolicies: 'array',
    ciliumLocalRedirectPolicies: 'array',
  },
  missing: 'array',
  dns: { clusterDomain: { value: 'string' }, otherServices: 'array', replicas: 'array', nodeCaches: 'array' },
  nodes: 'array',
}
const LADDER_SHAPE: Shape = {
  rungs: 'array',
  scrapes: 'array',
  logs: 'array',
  kernels: { read: 'array', unread: 'array' },
  podFiles: 'array',
}

function checkShape(value: unknown, shape: Shape | 'array' | 'number' | 'string', where: string): void {
  const isRecord = typeof value === 'object' && value !== null && !Array.isArray(value)
  if (typeof shape === 'string') {
    const isFit = shape === 'array' ? Array.isArray(value) : typeof value === shape
    if (!isFit) throw new BundleError('bad-bundle', `${where} is no ${shape}`)
    return
  }
  if (!isRecord) throw new BundleError('bad-bundle', `${where} is no object`)
  for (const [key, inner] of Object.entries(shape)) {
    checkShape((value as Readonly<Record<string, unknown>>)[key], inner, `${where}: ${key}`)
  }
}

function checkVersion(value: unknown, known: number): void {
  const version = (value as { readonly schemaVersion: number }).schemaVersion
  if (version === known) return
  throw new BundleError(
    'bad-bundle',
    `its schema has version ${version}, and this program reads ${known}; use the version that collected it`,
  )
}
