// Where Fathom's time goes in one case: V8's CPU profile of the server under dnsperf, self time by kind of work and by function.
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { drive } from './drive.mjs'
import { QUESTIONS } from './names.mjs'
import { startProgram, usageOf } from './programs.mjs'

const TOP = 15

/** Profiles one case and prints what the profile says, per answer. */
export async function profileCase(one, { api, upstream, probe, seconds, rate }) {
  const directory = mkdtempSync(join(tmpdir(), 'fathom-profile-'))
  try {
    const flags = ['--cpu-prof', '--cpu-prof-interval=200', `--cpu-prof-dir=${directory}`]
    const server = await startProgram('fathom', one.setting, { api, upstream, probe, flags })
    const file = join(directory, 'questions')
    writeFileSync(file, (one.questions === 'unique' ? QUESTIONS.unique('p') : QUESTIONS[one.questions]()).join('\n'))
    if (one.questions !== 'unique') drive(server, one, { file, passes: 3 })
    const before = usageOf(server)
    const load = drive(server, one, { file, seconds, rate })
    const micros = ((usageOf(server).cpuSeconds - before.cpuSeconds) * 1e6) / load.completed
    await server.end()
    const name = readdirSync(directory).find((entry) => entry.endsWith('.cpuprofile'))
    if (name === undefined) throw new Error('Node wrote no profile')
    const times = selfTimes(JSON.parse(readFileSync(join(directory, name), 'utf8')), seconds)
    return { case: one.name, title: one.title, perSecond: load.perSecond, cpuMicros: micros, ...times }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

export function printProfile({ title, perSecond, cpuMicros, kinds, functions }, print) {
  print(
    `\n${title}: ${perSecond.toFixed(0)} answers/s, ${cpuMicros.toFixed(1)} us each, profiled; self time, idle left out`,
  )
  for (const [name, part] of kinds) print(`${(part * 100).toFixed(1).padStart(7)}%  ${name}`)
  print('  of it:')
  for (const [name, part] of functions) print(`${(part * 100).toFixed(1).padStart(7)}%  ${name}`)
}

function selfTimes({ nodes, samples, timeDeltas }, seconds) {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const kinds = new Map()
  const functions = new Map()
  let all = 0
  // Before the load were the start and the first answers to all names; it takes the last seconds.
  let left = seconds * 1e6
  for (let index = samples.length - 1; index >= 0 && left > 0; index -= 1) {
    left -= timeDeltas[index]
    const { callFrame } = byId.get(samples[index])
    const { functionName } = callFrame
    if (functionName === '(idle)') continue
    const time = Math.max(0, timeDeltas[index])
    all += time
    add(kinds, kindOf(callFrame), time)
    add(functions, functionName === '' ? `anonymous, line ${callFrame.lineNumber + 1}` : functionName, time)
  }
  const parts = (map) =>
    [...map].map(([name, time]) => [name, time / all]).toSorted(([, left], [, right]) => right - left)
  return { kinds: parts(kinds), functions: parts(functions).slice(0, TOP) }
}

function kindOf({ functionName, url }) {
  switch (functionName) {
    // The system calls have no frame of their own: these two do nothing else.
    case 'send':
    case 'receive':
      if (url.startsWith('node:')) return "Node's own JavaScript"
      return functionName === 'send' ? 'sendmmsg(2)' : 'recvmmsg(2)'
    case '(garbage collector)':
      return 'garbage collection'
    case '(program)':
      return 'native code without a name (event loop, epoll, the first read of a wake-up)'
    default:
      if (url.startsWith('node:')) return "Node's own JavaScript"
      return url === '' ? 'built-in functions' : "Fathom's JavaScript"
  }
}

function add(map, key, time) {
  map.set(key, (map.get(key) ?? 0) + time)
}
