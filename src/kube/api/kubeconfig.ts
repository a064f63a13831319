// Finds, reads and merges kubeconfig files as kubectl does, and resolves one context to what a connection needs.
// Our own reading: the client library stops at duplicate names and missing files, which kubectl passes over.
import { readFileSync } from 'node:fs'
import { delimiter, dirname, isAbsolute, join, resolve } from 'node:path'
import { UsageError } from '../../base/index.ts'
import type { ClusterAccess, ClusterTls, Credential, ExecPlugin, Impersonation } from './access.ts'

/** Which cluster and as whom: kubectl's options of the same names. */
export interface ClusterOptions {
  /** Path of one kubeconfig, which must then exist; default `$KUBECONFIG`, then `~/.kube/config`, then in-cluster. */
  readonly kubeconfig?: string | undefined
  readonly context?: string | undefined
  /** User to impersonate. */
  readonly as?: string | undefined
  readonly asGroups?: readonly string[] | undefined
}

export type Environment = Readonly<Record<string, string | undefined>>

type Entry = Readonly<Record<string, unknown>>

interface NamedEntry {
  readonly entry: Entry
  /** Directory of the file it came from: relative paths in it start there. */
  readonly directory: string
}

/** Kubeconfig files merged into one: the first file that names an entry wins. */
interface Kubeconfig {
  readonly files: readonly string[]
  readonly currentContext: string
  readonly clusters: ReadonlyMap<string, NamedEntry>
  readonly users: ReadonlyMap<string, NamedEntry>
  readonly contexts: ReadonlyMap<string, NamedEntry>
}

/**
 * Resolves the options to one cluster and user.
 *
 * @throws {UsageError} no kubeconfig found, one cannot be read or parsed, or it lacks the context, cluster or user
 */
export async function resolveAccess(options: ClusterOptions, environment: Environment): Promise<ClusterAccess> {
  const config = await readKubeconfigs(options, environment)
  const impersonate = options.as === undefined ? {} : { impersonate: impersonation(options.as, options.asGroups ?? []) }
  if (config === undefined) {
    const access = inClusterAccess(environment)
    if (access !== undefined && options.context === undefined) return { ...access, ...impersonate }
    throw bad(
      'No kubeconfig found: $KUBECONFIG is not set and ~/.kube/config does not exist; ' +
        'give one with --kubeconfig, or read files with --manifests PATH',
    )
  }
  return { ...accessOf(config, options.context), ...impersonate }
}

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount'

/** The pod's own service account; undefined outside a cluster. */
export function inClusterAccess(
  environment: Environment,
  directory: string = SERVICE_ACCOUNT,
): ClusterAccess | undefined {
  const host = environment['KUBERNETES_SERVICE_HOST']
  const port = environment['KUBERNETES_SERVICE_PORT']
  const token = join(directory, 'token')
  if (host === undefined || host === '' || port === undefined || port === '' || tryRead(token) === undefined) {
    return undefined
  }
  const ca = tryRead(join(directory, 'ca.crt'))
  return {
    context: '',
    cluster: 'in-cluster',
    namespace: tryRead(join(directory, 'namespace'))?.trim() || 'default',
    server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    origin: 'in-cluster service account',
    tls: { insecureSkipVerify: false, ...(ca === undefined ? {} : { ca }) },
    credential: { kind: 'token-file', path: token },
  }
}

// --- Files ---

async function readKubeconfigs(options: ClusterOptions, environment: Environment): Promise<Kubeconfig | undefined> {
  if (options.kubeconfig !== undefined) return merge([await readKubeconfig(options.kubeconfig)])
  const listed = (environment['KUBECONFIG'] ?? '').split(delimiter).filter((path) => path !== '')
  const home = environment['HOME'] ?? environment['USERPROFILE']
  const paths = listed.length > 0 ? listed : home === undefined ? [] : [join(home, '.kube', 'config')]
  const existing = paths.filter((path) => !isAbsent(path))
  if (existing.length > 0) return merge(await Promise.all(existing.map(readKubeconfig)))
  if (listed.length > 0) throw bad(`No kubeconfig found: $KUBECONFIG names ${listed.join(', ')}, which does not exist`)
  return undefined
}

interface KubeconfigFile {
  readonly path: string
  readonly config: Entry
}

async function readKubeconfig(path: string): Promise<KubeconfigFile> {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw bad(`Cannot read kubeconfig ${path}: ${systemReason(error)}; give another with --kubeconfig or $KUBECONFIG`)
  }
  let config: unknown
  try {
    config = text.trimStart().startsWith('{') ? JSON.parse(text) : (await import('yaml')).parse(text)
  } catch (error) {
    const why = error instanceof Error ? (error.message.split('\n')[0] ?? '').replace(/:$/, '') : String(error)
    throw bad(`Cannot parse kubeconfig ${path}: ${why}`)
  }
  if (config === null || config === undefined) return { path, config: {} }
  if (!isEntry(config)) throw bad(`Cannot parse kubeconfig ${path}: it holds no mapping but ${typeof config}`)
  const kind = config['kind']
  if (kind !== undefined && kind !== 'Config') {
    throw bad(
      `Cannot use ${path} as kubeconfig: its kind is ${JSON.stringify(kind)}, not "Config"; objects are read with --manifests`,
    )
  }
  return { path, config }
}

function merge(files: readonly KubeconfigFile[]): Kubeconfig {
  const collect = (list: string, field: string): ReadonlyMap<string, NamedEntry> => {
    const entries = new Map<string, NamedEntry>()
    for (const { path, config } of files) {
      const items = Array.isArray(config[list]) ? (config[list] as unknown[]) : []
      for (const item of items) {
        if (!isEntry(item) || typeof item['name'] !== 'string' || entries.has(item['name'])) continue
        const entry = item[field]
        entries.set(item['name'], { entry: isEntry(entry) ? entry : {}, directory: dirname(resolve(path)) })
      }
    }
    return entries
  }
  const currents = files.map(({ config }) => config['current-context']).filter((name) => typeof name === 'string')
  return {
    files: files.map(({ path }) => path),
    currentContext: currents.find((name) => name !== '') ?? '',
    clusters: collect('clusters', 'cluster'),
    users: collect('users', 'user'),
    contexts: collect('contexts', 'context'),
  }
}

// --- One context ---

function accessOf(config: Kubeconfig, wanted: string | undefined): ClusterAccess {
  const files = config.files.join(', ')
  const name = wanted ?? config.currentContext
  if (name === '') {
    throw bad(`Kubeconfig ${files} has no current-context: choose one with --context (${known(config.contexts)})`)
  }
  const context = config.contexts.get(name)
  if (context === undefined) {
    throw bad(`Kubeconfig ${files} has no context "${name}": choose one with --context (${known(config.contexts)})`)
  }
  const clusterName = string(context.entry, 'cluster')
  const cluster = config.clusters.get(clusterName)
  if (cluster === undefined) {
    throw bad(`Context "${name}" of kubeconfig ${files} names cluster "${clusterName}", which is not there`)
  }
  const userName = string(context.entry, 'user')
  const user = config.users.get(userName)
  if (user === undefined && userName !== '') {
    throw bad(`Context "${name}" of kubeconfig ${files} names user "${userName}", which is not there`)
  }
  const server = string(cluster.entry, 'server').replace(/\/+$/, '')
  if (!URL.canParse(server) || !/^https?:$/.test(new URL(server).protocol)) {
    throw bad(`Cluster "${clusterName}" of kubeconfig ${files} has no usable server URL: ${JSON.stringify(server)}`)
  }
  const proxyUrl = string(cluster.entry, 'proxy-url')
  const impersonate = impersonationOf(user?.entry ?? {})
  return {
    context: name,
    cluster: clusterName,
    namespace: string(context.entry, 'namespace') || 'default',
    server,
    origin: `${files}, context "${name}"`,
    tls: tlsOf(cluster, user, `kubeconfig ${files}`),
    credential: user === undefined ? { kind: 'none' } : credentialOf(userName, user, cluster.entry, files),
    ...(impersonate === undefined ? {} : { impersonate }),
    ...(proxyUrl === '' ? {} : { proxyUrl }),
  }
}

function tlsOf(cluster: NamedEntry, user: NamedEntry | undefined, where: string): ClusterTls {
  const ca = pem(cluster, 'certificate-authority', where)
  const cert = user && pem(user, 'client-certificate', where)
  const key = user && pem(user, 'client-key', where)
  const serverName = string(cluster.entry, 'tls-server-name')
  return {
    insecureSkipVerify: cluster.entry['insecure-skip-tls-verify'] === true,
    ...(ca === undefined ? {} : { ca }),
    ...(serverName === '' ? {} : { serverName }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  }
}

/** The inline `NAME-data` wins over the file, as in client-go. */
function pem({ entry, directory }: NamedEntry, name: string, where: string): string | undefined {
  const inline = string(entry, `${name}-data`)
  if (inline !== '') {
    const text = Buffer.from(inline, 'base64').toString('utf8')
    if (!text.includes('-----BEGIN')) throw bad(`Cannot use ${name}-data of ${where}: it is no base64 of a PEM text`)
    return text
  }
  const path = string(entry, name)
  if (path === '') return undefined
  const full = isAbsolute(path) ? path : join(directory, path)
  try {
    return readFileSync(full, 'utf8')
  } catch (error) {
    throw bad(`Cannot read ${full}, ${name} of ${where}: ${systemReason(error)}`)
  }
}

function credentialOf(name: string, user: NamedEntry, cluster: Entry, files: string): Credential {
  const { entry, directory } = user
  const exec = entry['exec']
  if (isEntry(exec)) return { kind: 'exec', plugin: execPluginOf(exec, { name, directory, cluster, files }) }
  const provider = entry['auth-provider']
  if (isEntry(provider) && string(provider, 'name') !== '') {
    return { kind: 'auth-provider', provider: string(provider, 'name'), user: { name, ...entry } }
  }
  const tokenFile = string(entry, 'tokenFile')
  if (tokenFile !== '') {
    return { kind: 'token-file', path: isAbsolute(tokenFile) ? tokenFile : join(directory, tokenFile) }
  }
  const token = string(entry, 'token')
  if (token !== '') return { kind: 'token', token }
  const username = string(entry, 'username')
  if (username !== '') return { kind: 'basic', username, password: string(entry, 'password') }
  return { kind: 'none' }
}

interface ExecPlace {
  readonly name: string
  readonly directory: string
  readonly cluster: Entry
  readonly files: string
}

function execPluginOf(exec: Entry, { name, directory, cluster, files }: ExecPlace): ExecPlugin {
  const command = string(exec, 'command')
  if (command === '') throw bad(`User "${name}" of kubeconfig ${files} has an exec plugin without a command`)
  const env = Array.isArray(exec['env']) ? exec['env'].filter(isEntry) : []
  const extensions = Array.isArray(cluster['extensions']) ? cluster['extensions'].filter(isEntry) : []
  const extension = extensions.find((item) => item['name'] === 'client.authentication.k8s.io/exec')
  return {
    apiVersion: string(exec, 'apiVersion') || 'client.authentication.k8s.io/v1beta1',
    command,
    args: Array.isArray(exec['args']) ? exec['args'].map(String) : [],
    env: env.map((item) => ({ name: string(item, 'name'), value: string(item, 'value') })),
    installHint: string(exec, 'installHint').trim(),
    provideClusterInfo: exec['provideClusterInfo'] === true,
    interactiveMode: string(exec, 'interactiveMode') || 'IfAvailable',
    ...(extension === undefined ? {} : { clusterConfig: extension['extension'] }),
    directory,
  }
}

function impersonationOf(user: Entry): Impersonation | undefined {
  const as = string(user, 'as')
  if (as === '') return undefined
  const groups = Array.isArray(user['as-groups']) ? user['as-groups'].map(String) : []
  const extras = isEntry(user['as-user-extra']) ? Object.entries(user['as-user-extra']) : []
  const uid = string(user, 'as-uid')
  return {
    user: as,
    groups,
    extra: Object.fromEntries(extras.map(([key, values]) => [key, Array.isArray(values) ? values.map(String) : []])),
    ...(uid === '' ? {} : { uid }),
  }
}

function impersonation(user: string, groups: readonly string[]): Impersonation {
  return { user, groups, extra: {} }
}

// --- Small readers ---

function known(entries: ReadonlyMap<string, NamedEntry>): string {
  const names = [...entries.keys()]
  if (names.length === 0) return 'it has none'
  return names.length <= 8 ? names.join(', ') : `${names.slice(0, 8).join(', ')} and ${names.length - 8} more`
}

function string(entry: Entry, key: string): string {
  const value = entry[key]
  return typeof value === 'string' ? value : ''
}

function isEntry(value: unknown): value is Entry {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isAbsent(path: string): boolean {
  try {
    readFileSync(path)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT'
  }
}

function tryRead(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EISDIR: 'it is a directory',
  ENOENT: 'no such file or directory',
  ENOTDIR: 'part of the path is no directory',
}

function systemReason(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code ?? ''
  return REASONS[code] ?? (error instanceof Error ? error.message : String(error))
}

/** Without the system's error as cause: the sentence says what it says. */
function bad(message: string): UsageError {
  return new UsageError('bad-configuration', message)
}
