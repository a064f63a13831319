// Every fault that needs no kernel of its own: into a lab on loopback and out again, seen by dig, curl and the files of pods and nodes.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readDescription } from '../cluster/description.ts'
import { FaultLog } from '../faults/fault-log.ts'
import { FAULTS } from '../faults/index.ts'
import { fillIn } from '../faults/look.ts'
import { LoopbackLab } from '../loopback/loopback-lab.ts'
import { loopbackPlaces } from '../loopback/loopback-places.ts'
import { loopbackStage } from '../loopback/loopback-stage.ts'
import { loopbackLooks } from './run-look.ts'
import { verifyFault } from './verify-fault.ts'
import type { VerifiedLab } from './verify-fault.ts'

const MISSING = ['dig', 'curl', 'kubectl'].find((program) => {
  try {
    execFileSync('sh', ['-c', `command -v ${program}`])
    return false
  } catch {
    return true
  }
})

describe.skipIf(MISSING !== undefined)(
  `verifyFault() on loopback${MISSING === undefined ? '' : ` (no ${MISSING})`}`,
  () => {
    let lab: LoopbackLab
    let folder: string
    let verified: VerifiedLab

    beforeAll(async () => {
      const description = readDescription(resolve(import.meta.dirname, '../../../lab/reference'))
      lab = await LoopbackLab.start(description)
      const faults = await FaultLog.open(loopbackStage(lab), description.faults)
      await faults.heal()
      folder = mkdtempSync(join(tmpdir(), 'fathom-verify-'))
      const kubeconfig = join(folder, 'kubeconfig')
      writeFileSync(kubeconfig, lab.kubeconfig('verify'))
      const look = loopbackLooks({
        kubeconfig,
        places: loopbackPlaces(lab),
        fillIn: (text) => Promise.resolve(fillIn(lab.store, text)),
      })
      verified = { inject: (name) => faults.inject(name), heal: (name) => faults.heal(name), look }
    })
    afterAll(async () => {
      await lab.close()
      rmSync(folder, { recursive: true })
    })

    it.each(FAULTS.filter(({ needs }) => needs === undefined))(
      '$name breaks what it says, and heals',
      async (fault) => {
        // kubectl takes longest: it is asked where nothing else shows the fault.
        const others = fault.looks.filter(({ place }) => place !== undefined)
        const isEnough = (looks: typeof others): boolean =>
          looks.some(({ broken }) => broken !== undefined) && looks.some(({ whole }) => whole !== undefined)
        const first = await verifyFault(verified, isEnough(others) ? { ...fault, looks: others } : fault)
        const result = first.outcome === 'unseen' ? await verifyFault(verified, fault) : first
        expect(result).toMatchObject({ fault: fault.name, outcome: 'shown' })
      },
    )
  },
)

describe('FAULTS', () => {
  it.each(FAULTS)('$name has looks that show it broken and whole', ({ looks }) => {
    expect(looks.some(({ broken }) => broken !== undefined)).toBe(true)
    expect(looks.some(({ whole }) => whole !== undefined)).toBe(true)
  })
})
