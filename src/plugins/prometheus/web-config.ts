// The file that `tls` names: the Prometheus exporters' web configuration, of which the certificate matters here.
import { dirname, isAbsolute, join } from 'node:path'
import { parse } from 'yaml'
import { describeError } from '../../base/index.ts'
import type { Dispenser } from '../../corefile/index.ts'
import type { SetupContext } from '../../server/index.ts'

/** PEM texts for the metrics page. */
export interface WebTls {
  readonly cert: string
  readonly key: string
  /** Who signs the scrapers' certificates; then they must have one. */
  readonly clientCa?: string | undefined
}

/**
 * Reads `tls_server_config` of a web configuration file; relative paths in it start from its folder.
 *
 * @throws {CorefileError}
 */
export function readWebConfig(dispenser: Dispenser, path: string, { files, root }: SetupContext): WebTls {
  const file = isAbsolute(path) ? path : join(root, path)
  try {
    const { cert_file, key_file, client_ca_file, client_auth_type } = serverConfigOf(parse(files.readText(file)))
    if (typeof cert_file !== 'string' || typeof key_file !== 'string') {
      throw new TypeError('tls_server_config needs cert_file and key_file')
    }
    const read = (name: string): string => files.readText(isAbsolute(name) ? name : join(dirname(file), name))
    const needsClient = client_auth_type === 'RequireAndVerifyClientCert' && typeof client_ca_file === 'string'
    return { cert: read(cert_file), key: read(key_file), clientCa: needsClient ? read(client_ca_file) : undefined }
  } catch (error) {
    throw dispenser.error(`cannot read TLS configuration ${file}: ${describeError(error)}`)
  }
}

function serverConfigOf(document: unknown): Readonly<Record<string, unknown>> {
  const config = isRecord(document) ? document['tls_server_config'] : undefined
  if (!isRecord(config)) throw new TypeError('it has no tls_server_config')
  return config
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
