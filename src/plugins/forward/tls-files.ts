// The files of the `tls` option.
import { posix } from 'node:path'
import type { Dispenser } from '../../corefile/index.ts'
import type { UpstreamTls } from '../../net/upstream/index.ts'
import type { SetupContext } from '../../server/index.ts'

/** Reads `tls [CA | CERT KEY | CERT KEY CA]`. @throws {CorefileError} `error reading FILE: open FILE: no such file or directory` */
export function readTlsFiles(dispenser: Dispenser, context: SetupContext): UpstreamTls {
  const paths = dispenser.remainingArgs()
  const read = (path: string | undefined): string => readPem(dispenser, context, path ?? '')
  switch (paths.length) {
    case 0:
      return {}
    case 1:
      return { ca: read(paths[0]) }
    case 2:
      return { cert: read(paths[0]), key: read(paths[1]) }
    case 3:
      return { cert: read(paths[0]), key: read(paths[1]), ca: read(paths[2]) }
    default:
      throw dispenser.argError()
  }
}

function readPem(dispenser: Dispenser, context: SetupContext, path: string): string {
  const absolute = posix.isAbsolute(path) ? path : posix.join(context.root, path)
  try {
    return context.files.readText(absolute)
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    const why = missing ? 'no such file or directory' : error instanceof Error ? error.message : String(error)
    throw dispenser.error(`error reading ${absolute}: open ${absolute}: ${why}`)
  }
}
