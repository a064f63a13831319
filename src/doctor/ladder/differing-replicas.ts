// Replicas that disagree: which of them runs another Corefile stands in their logs.
import type { Hop, Rung } from './rung.ts'

/** Replicas whose answer to the same question is not the same: their logs tell which Corefile each of them runs. */
export function differingReplicas(rungs: readonly Rung[]): Hop[] {
  const own = rungs.filter(({ hop, purpose, observed }) => {
    const isCluster = purpose === 'canary' || purpose === 'version' || purpose === 'asked'
    return hop.kind === 'replica' && isCluster && observed.kind === 'response'
  })
  const results = new Map<string, Set<string>>()
  for (const { question, result } of own) {
    const key = JSON.stringify(question)
    results.set(key, (results.get(key) ?? new Set()).add(result))
  }
  const differs = [...results.values()].some(({ size }) => size > 1)
  return differs ? [...new Map(own.map(({ hop }) => [hop.name, hop])).values()] : []
}
