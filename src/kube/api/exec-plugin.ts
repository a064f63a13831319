// Exec credential plugins (client.authentication.k8s.io), run as client-go runs them: the plugin's messages reach the
// terminal, KUBERNETES_EXEC_INFO is always set, and the credential is kept until it expires.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import type { ClusterAccess, ExecPlugin } from './access.ts'
import { KubeApiError } from './error.ts'

/** What a plugin gave: a bearer token, a client certificate with its key, or both. */
export interface ExecCredential {
  readonly token?: string
  readonly cert?: string
  readonly key?: string
  /** Milliseconds since the epoch; absent means that it never expires by itself. */
  readonly expiresAt?: number
}

/** A plugin that nobody can answer must not hang for ever. One at a terminal may wait for its user. */
const UNATTENDED_TIMEOUT_MS = 60_000
const MOST_OUTPUT_OCTETS = 1 << 20

/**
 * Runs the plugin once.
 *
 * @throws {KubeApiError} `credential`: it does not exist, fails, stays silent, or prints no ExecCredential
 */
export async function runExecPlugin(
  plugin: ExecPlugin,
  access: ClusterAccess,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<ExecCredential> {
  const interactive = plugin.interactiveMode !== 'Never' && process.stdin.isTTY
  if (plugin.interactiveMode === 'Always' && !interactive) {
    throw failure(access, `${plugin.command} wants a terminal (interactiveMode Always) and there is none`)
  }
  const output = await runCommand(plugin, access, { interactive, environment })
  let credential: unknown
  try {
    credential = JSON.parse(output)
  } catch {
    throw failure(access, `${plugin.command} printed no JSON (${output.length} characters)`)
  }
  return readCredential(credential, plugin, access)
}

function readCredential(credential: unknown, plugin: ExecPlugin, access: ClusterAccess): ExecCredential {
  const status = field(credential, 'status')
  const token = field(status, 'token')
  const cert = field(status, 'clientCertificateData')
  const key = field(status, 'clientKeyData')
  const expiration = field(status, 'expirationTimestamp')
  const expires = typeof expiration === 'string' ? Date.parse(expiration) : NaN
  if (field(credential, 'kind') !== 'ExecCredential') {
    throw failure(
      access,
      `${plugin.command} printed no ExecCredential but kind ${JSON.stringify(field(credential, 'kind'))}`,
    )
  }
  const apiVersion = field(credential, 'apiVersion')
  if (apiVersion !== plugin.apiVersion) {
    throw failure(
      access,
      `${plugin.command} speaks ${JSON.stringify(apiVersion)}, the kubeconfig says ${JSON.stringify(plugin.apiVersion)}`,
    )
  }
  if (typeof token !== 'string' && (typeof cert !== 'string' || typeof key !== 'string')) {
    throw failure(access, `${plugin.command} gave neither a token nor a client certificate with its key`)
  }
  return {
    ...(typeof token === 'string' ? { token } : {}),
    ...(typeof cert === 'string' && typeof key === 'string' ? { cert, key } : {}),
    ...(Number.isNaN(expires) ? {} : { expiresAt: expires }),
  }
}

interface Run {
  readonly interactive: boolean
  readonly environment: Readonly<Record<string, string | undefined>>
}

function runCommand(plugin: ExecPlugin, access: ClusterAccess, run: Run): Promise<string> {
  const command =
    /^\.{0,2}[^/]*\//.test(plugin.command) && !plugin.command.startsWith('/')
      ? join(plugin.directory, plugin.command)
      : plugin.command
  const child = spawn(command, plugin.args, {
    env: { ...run.environment, ...pluginEnvironment(plugin, access, run.interactive) },
    stdio: [run.interactive ? 'inherit' : 'ignore', 'pipe', 'inherit'],
  })
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let octets = 0
    const timer = run.interactive ? undefined : setTimeout(() => child.kill('SIGKILL'), UNATTENDED_TIMEOUT_MS)
    child.stdout.on('data', (chunk: Buffer) => {
      octets += chunk.length
      if (octets > MOST_OUTPUT_OCTETS) child.kill('SIGKILL')
      else chunks.push(chunk)
    })
    child.on('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer)
      const hint = error.code === 'ENOENT' && plugin.installHint !== '' ? `; ${plugin.installHint}` : ''
      const why = error.code === 'ENOENT' ? 'it is not installed' : error.message
      reject(failure(access, `cannot run the credential plugin ${plugin.command}: ${why}${hint}`))
    })
    child.on('close', (status, signal) => {
      clearTimeout(timer)
      if (status === 0) resolve(Buffer.concat(chunks).toString('utf8'))
      else if (octets > MOST_OUTPUT_OCTETS) reject(failure(access, `${plugin.command} printed more than 1 MiB`))
      else if (signal === 'SIGKILL') {
        reject(failure(access, `${plugin.command} did not end within ${UNATTENDED_TIMEOUT_MS / 1000} s`))
      } else reject(failure(access, `${plugin.command} failed with exit status ${status ?? signal}`))
    })
  })
}

function pluginEnvironment(plugin: ExecPlugin, access: ClusterAccess, interactive: boolean): Record<string, string> {
  const { tls } = access
  const cluster = {
    server: access.server,
    ...(tls.serverName === undefined ? {} : { 'tls-server-name': tls.serverName }),
    ...(tls.insecureSkipVerify ? { 'insecure-skip-tls-verify': true } : {}),
    ...(tls.ca === undefined ? {} : { 'certificate-authority-data': Buffer.from(tls.ca).toString('base64') }),
    ...(access.proxyUrl === undefined ? {} : { 'proxy-url': access.proxyUrl }),
    ...(plugin.clusterConfig === undefined ? {} : { config: plugin.clusterConfig }),
  }
  const info = {
    apiVersion: plugin.apiVersion,
    kind: 'ExecCredential',
    spec: { interactive, ...(plugin.provideClusterInfo ? { cluster } : {}) },
  }
  return {
    ...Object.fromEntries(plugin.env.map(({ name, value }) => [name, value])),
    KUBERNETES_EXEC_INFO: JSON.stringify(info),
  }
}

function field(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined
}

function failure(access: ClusterAccess, why: string): KubeApiError {
  return new KubeApiError('credential', `Cannot get a credential for ${access.server}: ${why}`, {
    path: '',
    reason: 'ExecPlugin',
  })
}
