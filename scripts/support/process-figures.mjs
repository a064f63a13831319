// What the kernel says of a process.
import { readFileSync } from 'node:fs'

/** A field of /proc/PID/status in MB: `VmRSS` now, `VmHWM` at most. */
export function memoryMb(pid, field = 'VmRSS') {
  const [, kilobytes] = new RegExp(`${field}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kilobytes ?? 0) / 1024
}

/** CPU time that a process has used, its kernel time included: steadier than the clock on a busy machine. */
export function cpuSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}
