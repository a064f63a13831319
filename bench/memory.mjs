// How much memory Fathom holds: idle, and with a cluster of 10,000 Services and 100,000 endpoints after all their names were asked.
import { writeFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { answers, drive } from './drive.mjs'
import { QUESTIONS, externalName, serviceName } from './names.mjs'
import { startHelper, startProgram, usageOf } from './programs.mjs'

const ENDPOINTS_EACH = 10
/** Until what the start left is collected. */
const SETTLE_MS = 5000

/** Resident sets in MB. */
export async function measureMemory(upstream) {
  const idle = await hold('cache', { upstream, known: externalName(1) })
  const api = await startHelper('cluster-api.mjs', [String(ENDPOINTS_EACH)])
  try {
    const scale = await hold('cluster', { api: api.port, known: serviceName(1), questions: 'a' })
    return [
      { case: 'memory-idle', title: 'idle', rssMb: idle },
      { case: 'memory-scale', title: '10,000 Services, 100,000 endpoints, all names asked', rssMb: scale },
    ]
  } finally {
    api.child.kill('SIGKILL')
  }
}

async function hold(setting, { api, upstream, known, questions }) {
  const server = await startProgram('fathom', setting, { api, upstream, probe: (port) => answers(port, known) })
  const directory = mkdtempSync(join(tmpdir(), 'fathom-bench-'))
  try {
    if (questions !== undefined) {
      const file = join(directory, 'questions')
      writeFileSync(file, QUESTIONS[questions]().join('\n'))
      drive(server, {}, { file, passes: 3 })
    }
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS))
    return usageOf(server).rssMb
  } finally {
    server.stop()
    rmSync(directory, { recursive: true, force: true })
  }
}
