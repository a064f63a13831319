// A pattern: something that the packets prove, with the frames that prove it. Finders are pure functions over a finished analysis.
import type { CaptureAnalysis } from '../capture-analysis.ts'
import type { CaptureFile } from '../../capture/index.ts'
import type { Pair } from '../statistics/pair.ts'
import type { PatternCode } from './codes.ts'

/** One line of proof. */
export interface PatternEvidence {
  readonly text: string
  readonly frames: readonly number[]
}

export interface Pattern {
  readonly code: PatternCode
  /** Something is wrong on the wire, or is worth knowing. */
  readonly kind: 'fault' | 'observation'
  /** How often: transactions, packets or connections, as the first line of evidence says. */
  readonly count: number
  /** Whom or what it is about. */
  readonly subject: string
  readonly evidence: readonly PatternEvidence[]
}

/** What finders look at. */
export interface Findings {
  readonly analysis: CaptureAnalysis
  /** Absent for a live capture. */
  readonly file: CaptureFile | undefined
  readonly pairs: readonly Pair[]
  /** Servers that answered at least one client. */
  readonly answering: ReadonlySet<number>
  /** An address, with the name of its pod, Service or node where it is known. */
  readonly address: (id: number) => string
  readonly name: (id: number) => string
  readonly type: (type: number) => string
  /** Whether an address is a Service's; undefined when nobody knows. */
  readonly isServiceIp: (id: number) => boolean | undefined
  /** Addresses that answered or were asked by others. */
  readonly isServer: (id: number) => boolean
}

export type Finder = (findings: Findings) => readonly Pattern[]

/** The first few frames that are not 0, each once. */
export function firstFrames(frames: readonly number[], limit = 6): number[] {
  return [...new Set(frames)].filter((frame) => frame > 0).slice(0, limit)
}

/** `3 queries`, `1 query`. */
export function countOf(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}
