// What the kernel says of this process. It is read through descriptors that stay open, so that a process that may open no more files
// can still be seen to be one.
import { closeSync, openSync, readSync, readdirSync } from 'node:fs'

/** All absent on systems that are not Linux. */
export interface ProcessFigures {
  readonly residentBytes?: number
  readonly virtualBytes?: number
  readonly maxVirtualBytes?: number
  readonly openCount?: number
  readonly maxCount?: number
}

export interface ProcessFiguresReader {
  read(): ProcessFigures
  close(): void
}

const MAX_FILE_BYTES = 16_384

/** Opens what is to be read; `read` never throws. */
export function openProcessFigures(): ProcessFiguresReader {
  const [status, limits] = ['status', 'limits'].map((name) => openOrNot(`/proc/self/${name}`))
  return {
    read: () => figuresOf(textOf(status), textOf(limits)),
    close() {
      for (const fd of [status, limits]) if (fd !== undefined) closeSync(fd)
    },
  }
}

function figuresOf(status: string, limits: string): ProcessFigures {
  const kilobytes = (name: string): number | undefined => numberIn(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm'), status)
  const space = /^Max address space\s+(\d+|unlimited)/m.exec(limits)?.[1]
  const maxCount = numberIn(/^Max open files\s+(\d+)/m, limits)
  const [resident, virtual] = [kilobytes('VmRSS'), kilobytes('VmSize')]
  const openCount = countOpen(maxCount)
  return {
    ...(resident === undefined ? {} : { residentBytes: resident * 1024 }),
    ...(virtual === undefined ? {} : { virtualBytes: virtual * 1024 }),
    // Prometheus clients write the largest number of 64 bits where there is no limit.
    ...(space === undefined ? {} : { maxVirtualBytes: space === 'unlimited' ? 2 ** 64 : Number(space) }),
    ...(openCount === undefined ? {} : { openCount }),
    ...(maxCount === undefined ? {} : { maxCount }),
  }
}

/** Where the folder itself cannot be opened for want of a descriptor, all are taken. */
function countOpen(maxCount: number | undefined): number | undefined {
  try {
    return readdirSync('/proc/self/fd').length
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EMFILE' ? maxCount : undefined
  }
}

function numberIn(pattern: RegExp, text: string): number | undefined {
  const found = pattern.exec(text)?.[1]
  return found === undefined ? undefined : Number(found)
}

function openOrNot(path: string): number | undefined {
  try {
    return openSync(path, 'r')
  } catch {
    return undefined
  }
}

function textOf(fd: number | undefined): string {
  if (fd === undefined) return ''
  try {
    const octets = Buffer.alloc(MAX_FILE_BYTES)
    return octets.toString('latin1', 0, readSync(fd, octets, 0, octets.length, 0))
  } catch {
    return ''
  }
}
