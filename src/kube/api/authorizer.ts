// Turns a credential into the headers and client certificate of one request, renewing it when its time has come.
import { readFile } from 'node:fs/promises'
import type { ClusterAccess, Credential } from './access.ts'
import { KubeApiError } from './error.ts'
import { runExecPlugin, type ExecCredential } from './exec-plugin.ts'
import type { Environment } from './kubeconfig.ts'

export interface Authorization {
  readonly headers: Readonly<Record<string, string | readonly string[]>>
  /** A client certificate that an exec plugin gave; it replaces the kubeconfig's. */
  readonly cert?: string
  readonly key?: string
}

/** Gives the authorization for the next request; `renew` forgets what is kept, after a 401. */
export interface Authorizer {
  authorize(): Promise<Authorization>
  /** Whether asking again can give something else. */
  renew(): boolean
}

/** Service account tokens rotate; client-go reads them again as often. */
const TOKEN_FILE_MS = 60_000
/** A credential that ends this soon is not used any more. */
const EXPIRY_MARGIN_MS = 10_000

export function createAuthorizer(access: ClusterAccess, environment: Environment): Authorizer {
  const source = sourceOf(access.credential, access, environment)
  const fixed = impersonationHeaders(access)
  let kept: { readonly authorization: Authorization; readonly until: number } | undefined
  let pending: Promise<{ readonly authorization: Authorization; readonly until: number }> | undefined
  return {
    async authorize() {
      if (kept !== undefined && Date.now() < kept.until) return kept.authorization
      pending ??= source().finally(() => {
        pending = undefined
      })
      const fresh = await pending
      kept = {
        ...fresh,
        authorization: { ...fresh.authorization, headers: { ...fresh.authorization.headers, ...fixed } },
      }
      return kept.authorization
    },
    renew() {
      kept = undefined
      return (
        access.credential.kind !== 'none' && access.credential.kind !== 'token' && access.credential.kind !== 'basic'
      )
    },
  }
}

type Source = () => Promise<{ readonly authorization: Authorization; readonly until: number }>

function sourceOf(credential: Credential, access: ClusterAccess, environment: Environment): Source {
  switch (credential.kind) {
    case 'none':
      return async () => ({ authorization: { headers: {} }, until: Infinity })
    case 'token':
      return async () => ({ authorization: bearer(credential.token), until: Infinity })
    case 'basic': {
      const encoded = Buffer.from(`${credential.username}:${credential.password}`).toString('base64')
      return async () => ({ authorization: { headers: { authorization: `Basic ${encoded}` } }, until: Infinity })
    }
    case 'token-file':
      return async () => ({
        authorization: bearer(await readToken(credential, access)),
        until: Date.now() + TOKEN_FILE_MS,
      })
    case 'exec':
      return async () => {
        const given = await runExecPlugin(credential.plugin, access, environment)
        return {
          authorization: fromExec(given),
          until: given.expiresAt === undefined ? Infinity : given.expiresAt - EXPIRY_MARGIN_MS,
        }
      }
    case 'auth-provider':
      return async () => ({
        authorization: await fromAuthProvider(credential, access),
        until: Date.now() + TOKEN_FILE_MS,
      })
  }
}

async function readToken(
  { path, read }: Extract<Credential, { kind: 'token-file' }>,
  access: ClusterAccess,
): Promise<string> {
  try {
    return (read === undefined ? await readFile(path, 'utf8') : read(path)).trim()
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new KubeApiError('credential', `Cannot get a credential for ${access.server}: ${why}`, {
      path: '',
      reason: 'TokenFile',
      cause: error,
    })
  }
}

function fromExec(given: ExecCredential): Authorization {
  return {
    headers: given.token === undefined ? {} : bearer(given.token).headers,
    ...(given.cert === undefined || given.key === undefined ? {} : { cert: given.cert, key: given.key }),
  }
}

/** The old `auth-provider` entries (OIDC refresh and the clouds' commands) are the client library's work; it is slow to load. */
async function fromAuthProvider(
  credential: Extract<Credential, { kind: 'auth-provider' }>,
  access: ClusterAccess,
): Promise<Authorization> {
  const { KubeConfig } = await import('@kubernetes/client-node')
  const config = new KubeConfig()
  config.loadFromOptions({
    clusters: [{ name: 'cluster', server: access.server, skipTLSVerify: true }],
    users: [{ ...credential.user, authProvider: credential.user['auth-provider'] }],
    contexts: [{ name: 'context', cluster: 'cluster', user: credential.user['name'] }],
    currentContext: 'context',
  })
  const request: { headers: Record<string, string> } = { headers: {} }
  try {
    await config.applyToHTTPSOptions(request)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new KubeApiError(
      'credential',
      `Cannot get a credential for ${access.server}: auth-provider ${credential.provider}: ${why}`,
      { path: '', reason: 'AuthProvider', cause: error },
    )
  }
  const authorization = request.headers['Authorization']
  return { headers: authorization === undefined ? {} : { authorization } }
}

function bearer(token: string): Authorization {
  return { headers: { authorization: `Bearer ${token}` } }
}

function impersonationHeaders({ impersonate }: ClusterAccess): Readonly<Record<string, string | readonly string[]>> {
  if (impersonate === undefined) return {}
  return {
    'impersonate-user': impersonate.user,
    ...(impersonate.uid === undefined ? {} : { 'impersonate-uid': impersonate.uid }),
    ...(impersonate.groups.length === 0 ? {} : { 'impersonate-group': impersonate.groups }),
    ...Object.fromEntries(
      Object.entries(impersonate.extra).map(([key, values]) => [
        `impersonate-extra-${encodeURIComponent(key)}`,
        values,
      ]),
    ),
  }
}
