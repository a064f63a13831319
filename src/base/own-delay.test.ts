import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { watchOwnDelay } from './own-delay.ts'

describe('watchOwnDelay', () => {
  it('gives the longest standstill of the event loop', async () => {
    const stop = watchOwnDelay()
    await pause(60)
    const until = performance.now() + 400
    while (performance.now() < until);
    await pause(60)
    expect(stop()).toBeGreaterThan(300)
  })

  it('is nothing where the loop was not turned at all', () => {
    expect(watchOwnDelay()()).toBe(0)
  })
})
