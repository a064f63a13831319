// A lab as a process of its own: started, written down, told what to do, and cleared away whatever ends it.
import { existsSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { LabError, interrupted } from '../cluster/lab-error.ts'
import { readDescription } from '../cluster/description.ts'
import { fillIn } from '../faults/look.ts'
import { FaultLog } from '../faults/fault-log.ts'
import { serveControl } from './control.ts'
import { startGrade } from './grades.ts'
import type { NetnsOptions } from './grades.ts'
import { clearKilledLab } from './killed-labs.ts'
import { createLabFolder, labPaths, readLab, removeLab, writeLab } from './lab-folder.ts'
import type { LabState } from './lab-folder.ts'

export interface RunOptions {
  readonly name: string
  /** For a lab of network namespaces; default: one on loopback. */
  readonly netns?: NetnsOptions
  /** Folder that describes the cluster. */
  readonly cluster: string
  /** Without the faults that the description has from the start. */
  readonly healthy: boolean
  /** Gives up a lab that is not up yet; nothing of it is left then. */
  readonly signal?: AbortSignal
}

export interface RunningLab {
  readonly state: LabState
  /** Resolves when somebody tells the lab to stop. */
  readonly stopRequested: Promise<void>
  close(): Promise<void>
}

/** Starts a lab in this process and writes it down. @throws {LabError} `lab-exists`, `bad-description`, `start-failed` */
export async function runLab(options: RunOptions): Promise<RunningLab> {
  const { name, signal } = options
  refuseIfRunning(name)
  const description = readDescription(options.cluster)
  if (options.netns !== undefined) await clearKilledLab(name)
  const isNew = createLabFolder(name)
  try {
    const lab = await startGrade(description, { name, netns: options.netns, signal })
    const faults = await FaultLog.open(lab.stage, description.faults)
    if (options.healthy) await faults.heal()
    if (signal?.aborted === true) {
      await lab.close()
      throw interrupted(name)
    }
    try {
      // Of two that started at once, the first one up stays.
      refuseIfRunning(name)
    } catch (error) {
      await lab.close()
      throw error
    }
    const { socket, kubeconfig } = labPaths(name)
    let requestStop = (): void => undefined
    const stopRequested = new Promise<void>((resolve) => {
      requestStop = resolve
    })
    rmSync(socket, { force: true })
    const control = await serveControl(socket, {
      resolve: ({ place, endpoint }) => lab.resolve(place, endpoint),
      readFile: ({ place, path }) => lab.readFile(place, path),
      locate: ({ place }) => lab.locate(place),
      enter: ({ place }) => lab.enter(place),
      fillIn: ({ text }) => Promise.resolve(fillIn(lab.stage.store, text)),
      status: async () => ({
        cni: lab.stage.kernel?.cni,
        faults: await faults.present(),
        repaired: await faults.repaired(),
        addresses: lab.addresses(),
        notes: lab.notes,
      }),
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
      grade: options.netns === undefined ? 'loopback' : 'netns',
      kubeconfig,
      socket,
      server: lab.server,
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
    // That of the same name is somebody else's.
    if (isNew || !(error instanceof LabError && error.code === 'lab-exists')) removeLab(name)
    throw error
  }
}

function refuseIfRunning(name: string): void {
  const other = readLab(name)
  if (other === undefined) return
  throw new LabError(
    'lab-exists',
    `Cannot start lab "${name}": it runs already (process ${other.pid}); "fathom lab down --name ${name}" ends it`,
  )
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
