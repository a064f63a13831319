import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { setAwakeTimeout } from './awake-timer.ts'

/** Keeps the thread busy, as a long computation or a machine without a free CPU does. */
function block(ms: number): void {
  const until = performance.now() + ms
  while (performance.now() < until);
}

describe('setAwakeTimeout', () => {
  it('calls back once, and not before its time', async () => {
    const startedAt = performance.now()
    let calls = 0
    await new Promise<void>((resolve) => {
      setAwakeTimeout(() => {
        calls += 1
        resolve()
      }, 150)
    })
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(149)
    expect(calls).toBe(1)
  })

  it('does not count time in which the loop stood still', async () => {
    const startedAt = performance.now()
    const late = new Promise<number>((resolve) => {
      setAwakeTimeout(() => resolve(performance.now() - startedAt), 200)
    })
    setTimeout(() => block(500), 20)
    expect(await late).toBeGreaterThanOrEqual(550)
  })

  it('lets a datagram that came while the loop stood still be read first', async () => {
    const receiver = createSocket('udp4').bind(0, '127.0.0.1')
    const sender = createSocket('udp4')
    try {
      await once(receiver, 'listening')
      const events: string[] = []
      receiver.on('message', () => events.push('message'))
      const fired = new Promise<void>((resolve) => {
        setAwakeTimeout(() => {
          events.push('time-out')
          resolve()
        }, 50)
      })
      sender.send('x', receiver.address().port, '127.0.0.1', () => block(300))
      await fired
      expect(events).toEqual(['message', 'time-out'])
    } finally {
      receiver.close()
      sender.close()
    }
  })

  it('is not called after clear, which may come twice', async () => {
    let isCalled = false
    const timer = setAwakeTimeout(() => {
      isCalled = true
    }, 20)
    timer.clear()
    timer.clear()
    await new Promise((resolve) => setTimeout(resolve, 60))
    expect(isCalled).toBe(false)
  })
})
