// One pattern: what makes it, and what looks like it and is not.
import type { PatternCode } from '../../../src/analysis/index.ts'
import type { CaptureOptions, PatternNet } from './pattern-net.ts'

export interface CaptureCase extends CaptureOptions {
  readonly act: (net: PatternNet) => Promise<unknown>
  /** Changes the written file: a file's own faults. */
  readonly edit?: (octets: Buffer) => Buffer
}

export interface PatternCase {
  readonly code: PatternCode
  /** Other patterns that this capture may also show: they say the same, or follow from it. */
  readonly beside?: readonly PatternCode[]
  readonly has: CaptureCase
  readonly nearMiss: CaptureCase & { readonly title: string }
}
