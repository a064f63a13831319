import { describe, expect, it } from 'vitest'
import { createFakeClock } from '../../../test/support/fake-clock.ts'
import { createRequest, startPlugin } from '../../../test/support/plugin-rig.ts'
import { respond, type Outcome, type Request } from '../../server/index.ts'
import { bufsizePlugin } from './index.ts'

interface Seen {
  readonly request: Request
  readonly outcome: Outcome
}

/** Passes a query that announces `size` octets (without EDNS: undefined) through `bufsize`. */
async function pass(directive: string, size: number | undefined, flags = ''): Promise<Seen> {
  let request = createRequest(`www.example.org A ${size === undefined ? '' : '+edns'} ${flags}`, {
    clock: createFakeClock(),
  })
  const { edns } = request.message
  if (edns !== undefined && size !== undefined) {
    request = {
      ...request,
      message: { ...request.message, edns: { ...edns, udpPayloadSize: size } },
      maxSizeBytes: size,
    }
  }
  if (flags === '+tcp') request = { ...request, maxSizeBytes: 65_535 }
  let seen = request
  const outcome = await startPlugin(bufsizePlugin, directive).instance.handler?.(request, (passed) => {
    seen = passed
    return respond(passed, { by: 'next' })
  })
  if (outcome === undefined) throw new Error('no handler')
  return { request: seen, outcome }
}

describe('bufsize', () => {
  it.each([
    { directive: 'bufsize', size: 4096, passed: 1232 },
    { directive: 'bufsize 512', size: 4096, passed: 512 },
    { directive: 'bufsize 1400', size: 1232, passed: 1232 },
  ])('passes $size as $passed with $directive, and bounds the response', async ({ directive, size, passed }) => {
    const { request, outcome } = await pass(directive, size)
    expect(request.message.edns?.udpPayloadSize).toBe(passed)
    expect(request.maxSizeBytes).toBe(passed)
    if (passed < size) expect(outcome).toMatchObject({ maxSizeBytes: passed })
  })

  it('adds no OPT record to a query without one', async () => {
    expect((await pass('bufsize 512', undefined)).request.message.edns).toBeUndefined()
  })

  it('does not bound responses over TCP', async () => {
    const { request, outcome } = await pass('bufsize 512', 4096, '+tcp')
    expect(request.maxSizeBytes).toBe(65_535)
    expect(request.message.edns?.udpPayloadSize).toBe(512)
    expect(outcome).not.toHaveProperty('maxSizeBytes')
  })

  it.each(['511', '4097', '-1', 'x', '512 512', '1e3'])('refuses %s', (size) => {
    expect(() => startPlugin(bufsizePlugin, `bufsize ${size}`)).toThrow(
      'Wrong argument count or unexpected line ending',
    )
  })
})
