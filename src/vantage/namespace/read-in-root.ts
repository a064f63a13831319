// Reading a file of another root directory: symbolic links mean what they mean there. Opening /proc/PID/root/etc/resolv.conf
// as it is would follow an absolute link into this machine's own files, which is the very mistake to avoid.
import { constants } from 'node:fs'
import { open, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { describeError } from '../../base/errors.ts'
import type { FileResult } from '../vantage.ts'

/** As in the kernel (path_resolution(7)). */
const MAX_LINKS = 40
/** More than any configuration file; what is larger is none. */
const MAX_OCTETS = 4 * 1024 * 1024

/** Reads a regular file below a root directory. Resolves to a value, whatever the other place put there. */
export async function readInRoot(root: string, path: string): Promise<FileResult> {
  try {
    const found = await resolveInRoot(root, path)
    if (found === undefined) return { kind: 'skipped', why: `cannot read ${path}: its symbolic links lead in a circle` }
    // A pipe or device in a container must not hold this program up, nor a link that was put there meanwhile lead it out.
    const file = await open(found, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    try {
      const { size } = await file.stat().then((stat) => (stat.isFile() ? stat : { size: -1 }))
      if (size < 0) return { kind: 'skipped', why: `cannot read ${path}: it is not a regular file there` }
      if (size > MAX_OCTETS)
        return { kind: 'skipped', why: `cannot read ${path}: ${size} octets, limit is ${MAX_OCTETS}` }
      return { kind: 'file', text: await file.readFile('utf8') }
    } finally {
      await file.close()
    }
  } catch (error) {
    return toResult(error as NodeJS.ErrnoException, path)
  }
}

function toResult(error: NodeJS.ErrnoException, path: string): FileResult {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR' || error.code === 'ESRCH') return { kind: 'absent' }
  const why = `cannot read ${path}: ${describeError(error)}`
  return error.code === 'EACCES' || error.code === 'EPERM'
    ? { kind: 'skipped', why, needs: 'root on this machine (CAP_SYS_PTRACE)' }
    : { kind: 'skipped', why }
}

/**
 * The path on this machine that a path below the root stands for; undefined when links lead in a circle.
 *
 * @throws Node's errors, `ENOENT` above all
 */
export async function resolveInRoot(root: string, path: string): Promise<string | undefined> {
  let open = path.split('/').filter((part) => part !== '')
  let at: string[] = []
  let links = 0
  for (let part = open.shift(); part !== undefined; part = open.shift()) {
    if (part === '.') continue
    if (part === '..') {
      at.pop()
      continue
    }
    const target = await linkTarget(join(root, ...at, part))
    if (target === undefined) {
      at.push(part)
      continue
    }
    links += 1
    if (links > MAX_LINKS) return undefined
    if (target.startsWith('/')) at = []
    open = [...target.split('/').filter((step) => step !== ''), ...open]
  }
  return join(root, ...at)
}

async function linkTarget(path: string): Promise<string | undefined> {
  try {
    return await readlink(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EINVAL') return undefined
    throw error
  }
}
