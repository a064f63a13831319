// The options of `fathom lab up`, and what they ask for.
import { accessSync, constants, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { UsageError } from '../../base/errors.ts'
import { referenceCluster } from '../../lab/index.ts'
import type { RunOptions } from '../../lab/index.ts'

/** As commander gives them. */
export interface UpFlags {
  readonly name: string
  readonly grade: string
  readonly cluster?: string
  readonly cni?: string
  readonly coredns?: string
  readonly nodeCache?: string
  readonly foreground?: true
  readonly healthy?: true
}

/** @throws {UsageError} `bad-argument` */
export function runOptionsOf(flags: UpFlags): RunOptions {
  const { name, grade, cni, coredns, nodeCache } = flags
  if (grade !== 'loopback' && grade !== 'netns') {
    throw new UsageError('bad-argument', `Cannot start a lab of grade "${grade}": there are loopback and netns`)
  }
  if (cni !== undefined && cni !== 'calico' && cni !== 'flannel') {
    throw new UsageError('bad-argument', `Cannot connect pods by "${cni}": --cni takes calico or flannel`)
  }
  const forNetns = Object.entries({ '--cni': cni, '--coredns': coredns, '--node-cache': nodeCache })
  const unfit = forNetns.find(([, value]) => value !== undefined && grade === 'loopback')
  if (unfit !== undefined) throw new UsageError('bad-argument', `${unfit[0]} is for --grade netns alone`)
  const programs = {
    fathom: [process.execPath, resolve(process.argv[1] ?? '')],
    coredns: executable('--coredns', coredns),
    nodeCache: executable('--node-cache', nodeCache),
  }
  return {
    name,
    ...(grade === 'netns' ? { netns: { programs, cni: cni ?? 'calico' } } : {}),
    cluster: flags.cluster ?? referenceCluster(),
    healthy: flags.healthy === true,
  }
}

/** @throws {UsageError} `bad-argument` when nobody could run it */
function executable(flag: string, path: string | undefined): string | undefined {
  if (path === undefined) return undefined
  const full = resolve(path)
  try {
    accessSync(full, constants.X_OK)
    if (statSync(full).isFile()) return full
  } catch {
    // Said below.
  }
  throw new UsageError('bad-argument', `Cannot use ${flag} "${path}": it is no program that can be run`)
}
