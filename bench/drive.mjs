// Questions to a server: one to see whether it answers, and dnsperf's many.
import { spawnSync } from 'node:child_process'
import { createSocket } from 'node:dgram'

/** Runs dnsperf once; latency percentiles where the case asks for them (reporting each answer slows dnsperf down). */
export function drive({ port }, one, { file, seconds, passes, rate }) {
  const args = ['-c', '1', 'dnsperf', '-s', '127.0.0.1', '-p', String(port), '-d', file, '-c', '8']
  args.push(...(passes === undefined ? ['-l', String(seconds)] : ['-n', String(passes)]))
  args.push('-q', String(one.outstanding ?? 100), '-m', one.transport ?? 'udp', '-t', '2')
  if (rate !== undefined) args.push('-Q', String(Math.round(rate)))
  if (one.latency === true) args.push('-v')
  const { stdout } = spawnSync('taskset', args, { encoding: 'utf8', maxBuffer: 1 << 30 })
  const number = (pattern) => Number(pattern.exec(stdout)?.[1] ?? 0)
  const latencies = [...stdout.matchAll(/^> \S+ \S+ \S+ (\d+\.\d+)$/gm)].map((match) => Number(match[1]) * 1e6)
  latencies.sort((a, b) => a - b)
  const at = (part) => latencies[Math.floor(latencies.length * part)]
  return {
    completed: number(/Queries completed:\s+(\d+)/),
    lost: number(/Queries lost:\s+(\d+)/),
    perSecond: number(/Queries per second:\s+([\d.]+)/),
    p50Micros: at(0.5),
    p99Micros: at(0.99),
  }
}

/** Whether the server gives an address for the name within 300 ms. */
export function answers(port, name) {
  const labels = name.split('.').map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]))
  const head = Buffer.from([0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0])
  const query = Buffer.concat([head, ...labels, Buffer.from([0, 0, 1, 0, 1])])
  return new Promise((resolve) => {
    const socket = createSocket('udp4')
    const done = (result) => {
      clearTimeout(timer)
      socket.close()
      resolve(result)
    }
    const timer = setTimeout(() => done(false), 300)
    socket.on('error', () => done(false))
    socket.on('message', (response) => done(response.readUInt16BE(6) > 0))
    socket.send(query, port, '127.0.0.1')
  })
}
