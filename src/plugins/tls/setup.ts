// The `tls CERT KEY [CA] { client_auth MODE ; keylog FILE }` directive: reads the files and hands them to the server.
import { resolve } from 'node:path'
import { createSecureContext } from 'node:tls'
import { describeError } from '../../base/index.ts'
import type { Dispenser } from '../../corefile/index.ts'
import type { SetupContext, TlsSettings } from '../../server/index.ts'
import { onlyArgument } from '../arguments.ts'

type ClientAuth = TlsSettings['clientAuth']

const CLIENT_AUTH: readonly string[] = [
  'nocert',
  'request',
  'require',
  'require_and_verify',
  'verify_if_given',
] satisfies ClientAuth[]

/** @throws {CorefileError} also when a file cannot be read, or certificate and key do not belong together */
export function parseTls(dispenser: Dispenser, context: SetupContext): void {
  while (dispenser.next()) {
    const [cert, key, ca, ...more] = dispenser.remainingArgs()
    if (cert === undefined) {
      throw dispenser.error(
        'tls without CERT and KEY asks for certificates from an ACME server, which this program does not do: name the two files',
      )
    }
    if (key === undefined || more.length > 0) throw dispenser.argError()
    const files = readFiles(dispenser, context, { cert, key, ca })
    context.configure({ tls: { ...files, ...parseOptions(dispenser, context) } })
  }
}

function parseOptions(dispenser: Dispenser, context: SetupContext): Pick<TlsSettings, 'clientAuth' | 'keylog'> {
  let clientAuth: ClientAuth = 'nocert'
  let keylog: string | undefined
  while (dispenser.nextBlock()) {
    switch (dispenser.value()) {
      case 'client_auth': {
        const mode = onlyArgument(dispenser)
        if (!isClientAuth(mode)) throw dispenser.error(`unknown authentication type '${mode}'`)
        clientAuth = mode
        break
      }
      case 'keylog':
        keylog = resolve(context.root, onlyArgument(dispenser))
        context.log.warning(`Writing TLS Key Log to "${keylog}"`)
        break
      default:
        throw dispenser.error(`unknown option '${dispenser.value()}'`)
    }
  }
  return { clientAuth, keylog }
}

function isClientAuth(text: string): text is ClientAuth {
  return CLIENT_AUTH.includes(text)
}

interface TlsFiles {
  readonly cert: string
  readonly key: string
  readonly ca: string | undefined
}

/** From paths to texts, checked the way the listener will use them. */
function readFiles(dispenser: Dispenser, { root, files }: SetupContext, paths: TlsFiles): TlsFiles {
  const read = (path: string, what: string): string => {
    try {
      return files.readText(resolve(root, path))
    } catch (error) {
      throw dispenser.error(`${what}: ${describeError(error)}`)
    }
  }
  const cert = read(paths.cert, 'could not load TLS cert')
  const key = read(paths.key, 'could not load TLS cert')
  const ca = paths.ca === undefined ? undefined : read(paths.ca, `error reading ${paths.ca}`)
  try {
    createSecureContext({ cert, key })
  } catch (error) {
    throw dispenser.error(`could not load TLS cert: ${paths.cert}, ${paths.key}: ${describeError(error)}`)
  }
  if (ca !== undefined && !ca.includes('-----BEGIN CERTIFICATE-----')) {
    throw dispenser.error(`could not read root certs: ${paths.ca ?? ''} holds no certificate`)
  }
  return { cert, key, ca }
}
