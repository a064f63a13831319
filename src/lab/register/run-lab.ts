// A lab as a process of its own: started, written down, told what to do, and cleared away whatever ends it.
import { existsSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { LabError } from '../cluster/lab-error.ts'
import { readDescription } from '../cluster/description.ts'
import { FaultLog } from '../faults/fault-log.ts'
import { loopbackPlaces } from '../loopback/loopback-places.ts'
import { loopbackStage } from '../loopback/loopback-stage.ts'
import { LoopbackLab } from '../loopback/loopback-lab.ts'
import { serveControl } from './control.ts'
import { createLabFolder, labPaths, readLab, removeLab, writeLab } from './lab-folder.ts'
import type { LabState } from './lab-folder.ts'

export interface RunOptions {
  readonly name: string
  /** Folder that describes the cluster. */
  readonly cluster: string
  /** Without the faults that the description has from the start. */
  readonly healthy: boolean
}

export interface RunningLab {
  readonly state: LabState
  /** Resolves when somebody tells the lab to stop. */
  readonly stopRequested: Promise<void>
  close(): Promise<void>
}

/** Starts a lab in this process and writes it down. @throws {LabError} `lab-exists`, `bad-description` */
export async function runLab(options: RunOptions): Promise<RunningLab> {
  const { name } = options
  const other = readLab(name)
  if (other !== undefined) {
    throw new LabError(
      'lab-exists',
      `Cannot start lab "${name}": it runs already (process ${other.pid}); "fathom lab down --name ${name}" ends it`,
    )
  }
  const description = readDescription(options.cluster)
  createLabFolder(name)
  try {
    const lab = await LoopbackLab.start(description)
    const faults = await FaultLog.open(loopbackStage(lab), description.faults)
    if (options.healthy) await faults.heal()
    const places = loopbackPlaces(lab)
    const { socket, kubeconfig } = labPaths(name)
    let requestStop = (): void => undefined
    const stopRequested = new Promise<void>((resolve) => {
      requestStop = resolve
    })
    rmSync(socket, { force: true })
    const control = await serveControl(socket, {
      resolve: ({ place, endpoint }) => places.resolve(place, endpoint),
      readFile: ({ place, path }) => places.readFile(place, path),
      status: () =>
        Promise.resolve({ faults: faults.present(), repaired: faults.repaired(), addresses: lab.addresses() }),
      inject: ({ fault }) => faults.inject(fault),
      heal: ({ fault }) => faults.heal(fault),
      stop: () => {
        requestStop()
        return Promise.resolve()
      },
    })
    const state: LabState = {
      name,
      pid: process.pid,
      startedAt: new Date().toISOString(),
      grade: 'loopback',
      kubeconfig,
      socket,
      server: lab.api.url,
      cluster: description.folder,
    }
    writeLab(state, lab.kubeconfig(name))
    return {
      state,
      stopRequested,
      async close() {
        control.close()
        control.closeAllConnections()
        removeLab(name)
        await lab.close()
      },
    }
  } catch (error) {
    removeLab(name)
    throw error
  }
}

/** The folder of the reference cluster that comes with this program. @throws {LabError} `bad-description` */
export function referenceCluster(): string {
  for (let folder = import.meta.dirname; folder !== dirname(folder); folder = dirname(folder)) {
    const candidate = join(folder, 'lab', 'reference')
    if (existsSync(join(candidate, 'lab.yaml'))) return candidate
  }
  throw new LabError(
    'bad-description',
    'Cannot find the reference cluster: lab/reference is missing from this installation',
  )
}
