import { describe, expect, it } from 'vitest'
import { createTestEnv, parseDirective } from '../../../test/support/plugin-rig.ts'
import { createFakeClock } from '../../../test/support/fake-clock.ts'
import { cachePlugin } from './index.ts'
import type { CacheOptions } from './setup.ts'

function parse(directive: string, zones: readonly string[] = ['.']): CacheOptions {
  const { env } = createTestEnv({ clock: createFakeClock(), zones })
  return parseDirective(cachePlugin, directive, env)
}

describe('cache setup', () => {
  it('has CoreDNS’s defaults', () => {
    expect(parse('cache', ['example.org.'])).toEqual({
      zones: ['example.org.'],
      success: { capacity: 9984, ttl: { min: 5, max: 3600 }, disabled: [] },
      denial: { capacity: 9984, ttl: { min: 5, max: 1800 }, disabled: [] },
      prefetch: { amount: 0, durationMs: 60_000, percent: 10 },
      stale: undefined,
      preferPositive: false,
      servfailTtl: 5,
      keepTtl: false,
    })
  })

  it.each([
    { directive: 'cache 30', expected: { success: { ttl: { max: 30 } }, denial: { ttl: { max: 30 } } } },
    { directive: 'cache 30 Example.ORG', expected: { zones: ['example.org.'], success: { ttl: { max: 30 } } } },
    { directive: 'cache 10.0.0.0/23', expected: { zones: ['0.0.10.in-addr.arpa.', '1.0.10.in-addr.arpa.'] } },
    { directive: 'cache example.org', expected: { zones: ['example.org.'], success: { ttl: { max: 3600 } } } },
    { directive: 'cache {\n success 9984 30\n }', expected: { success: { capacity: 9984, ttl: { min: 5, max: 30 } } } },
    {
      directive: 'cache {\n success 20000 60 0\n }',
      expected: { success: { capacity: 20_000, ttl: { min: 0, max: 60 } } },
    },
    { directive: 'cache {\n denial 0\n }', expected: { denial: { capacity: 1024 } } },
    { directive: 'cache {\n prefetch 10\n }', expected: { prefetch: { amount: 10, durationMs: 60_000, percent: 10 } } },
    {
      directive: 'cache {\n prefetch 10 30s 20%\n }',
      expected: { prefetch: { amount: 10, durationMs: 30_000, percent: 20 } },
    },
    {
      directive: 'cache {\n serve_stale\n }',
      expected: { stale: { forMs: 3_600_000, mode: 'immediate', replyTtl: 0, recheckMs: 0 } },
    },
    { directive: 'cache {\n serve_stale 20m\n }', expected: { stale: { forMs: 1_200_000 } } },
    {
      directive: 'cache {\n serve_stale 1h20m verify\n }',
      expected: { stale: { forMs: 4_800_000, mode: 'verify', timeoutMs: 0 } },
    },
    {
      directive: 'cache {\n serve_stale 1h VERIFY 100ms 30s 10s\n }',
      expected: { stale: { mode: 'verify', timeoutMs: 100, replyTtl: 30, recheckMs: 10_000 } },
    },
    {
      directive: 'cache {\n serve_stale 1h immediate 30s 10s\n serve_stale_policy prefer_positive\n }',
      expected: { stale: { mode: 'immediate', replyTtl: 30, recheckMs: 10_000 }, preferPositive: true },
    },
    { directive: 'cache {\n servfail 0\n }', expected: { servfailTtl: 0 } },
    { directive: 'cache {\n servfail 1m\n keepttl\n }', expected: { servfailTtl: 60, keepTtl: true } },
    {
      directive: 'cache {\n disable success\n }',
      expected: { success: { disabled: ['.'] }, denial: { disabled: [] } },
    },
    {
      directive: 'cache {\n disable denial cluster.local example.org\n disable denial example.net\n }',
      expected: { denial: { disabled: ['cluster.local.', 'example.org.', 'example.net.'] } },
    },
  ])('reads $directive', ({ directive, expected }) => {
    expect(parse(directive)).toMatchObject(expected)
  })

  it.each([
    { directive: 'cache 0', message: 'cache TTL can not be zero or negative: 0' },
    { directive: 'cache -5', message: 'cache TTL can not be zero or negative: -5' },
    { directive: 'cache\ncache', message: 'this plugin can only be used once per Server Block' },
    { directive: 'cache {\n positive 0\n }', message: "unknown property 'positive'" },
    { directive: 'cache {\n success\n }', message: "Wrong argument count or unexpected line ending after 'success'" },
    { directive: 'cache {\n success 9984 0\n }', message: 'cache TTL can not be zero or negative: 0' },
    { directive: 'cache {\n success 9984 30 -1\n }', message: 'cache min TTL can not be negative: -1' },
    { directive: 'cache {\n success 9984 30;\n }', message: 'strconv.Atoi: parsing "30;": invalid syntax' },
    { directive: 'cache {\n prefetch -1\n }', message: 'prefetch amount should be positive: -1' },
    { directive: 'cache {\n prefetch 10 1m 20\n }', message: "last character of percentage should be '%'" },
    { directive: 'cache {\n prefetch 10 1m 91%\n }', message: 'percentage should fall in range [10, 90]: 91' },
    { directive: 'cache {\n serve_stale 3600\n }', message: 'time: missing unit in duration "3600"' },
    { directive: 'cache {\n serve_stale -5s\n }', message: 'invalid negative duration for serve_stale' },
    { directive: 'cache {\n serve_stale 5m later\n }', message: 'invalid value for serve_stale refresh mode: later' },
    { directive: 'cache {\n serve_stale 5m immediate 0s 6m\n }', message: 'over 5 minutes is not permitted: 6m' },
    { directive: 'cache {\n serve_stale 5m immediate 0s 1s 1s\n }', message: 'Wrong argument count' },
    {
      directive: 'cache {\n serve_stale_policy prefer_positive\n }',
      message: 'serve_stale_policy prefer_positive needs serve_stale',
    },
    {
      directive: 'cache {\n serve_stale\n serve_stale_policy other\n }',
      message: 'invalid value for serve_stale_policy: other',
    },
    { directive: 'cache {\n servfail -1s\n }', message: 'invalid negative ttl for servfail' },
    { directive: 'cache {\n servfail 5m1s\n }', message: 'caching SERVFAIL responses over 5 minutes is not permitted' },
    { directive: 'cache {\n disable\n }', message: "Wrong argument count or unexpected line ending after 'disable'" },
    { directive: 'cache {\n disable all\n }', message: 'cache type for disable must be "success" or "denial": all' },
    { directive: 'cache {\n keepttl yes\n }', message: 'Wrong argument count' },
  ])('refuses $directive', ({ directive, message }) => {
    expect(() => parse(directive)).toThrow(message)
    expect(() => parse(directive)).toThrow(/^Corefile:\d+ - /)
  })
})
