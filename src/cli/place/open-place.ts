// A place that a command asks from, open until it is closed.
import type { Vantage } from '../../vantage/index.ts'

export interface OpenPlace {
  readonly vantage: Vantage
  /** What the place is, for people: `pod shop/web-0 on node2 (lab reference)`. */
  readonly from: string
  /** What would reach further, a line each, where the place is seen through the API server alone. */
  readonly instead?: readonly string[]
  close(): Promise<void>
}
