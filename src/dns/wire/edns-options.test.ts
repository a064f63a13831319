import { describe, expect, it } from 'vitest'
import {
  extendedErrorName,
  readClientSubnet,
  readCookie,
  readExpire,
  readExtendedError,
  readTcpKeepalive,
  writeClientSubnet,
  writeExpire,
  writeExtendedError,
  writePadding,
  writeTcpKeepalive,
} from './edns-options.ts'
import type { EdnsOption } from '../message.ts'

const option = (...octets: readonly number[]): EdnsOption => ({ code: 0, octets: Uint8Array.from(octets) })

describe('client subnet', () => {
  it.each([
    { address: '192.0.2.255', sourcePrefixLength: 24, octets: [0, 1, 24, 0, 192, 0, 2], kept: '192.0.2.0' },
    { address: '192.0.2.255', sourcePrefixLength: 25, octets: [0, 1, 25, 0, 192, 0, 2, 128], kept: '192.0.2.128' },
    { address: '0.0.0.0', sourcePrefixLength: 0, octets: [0, 1, 0, 0], kept: '0.0.0.0' },
    {
      address: '2001:db8:ffff::',
      sourcePrefixLength: 33,
      octets: [0, 2, 33, 0, 0x20, 1, 0x0d, 0xb8, 0x80],
      kept: '2001:db8:8000::',
    },
  ])('writes $address/$sourcePrefixLength and reads it back', ({ address, sourcePrefixLength, octets, kept }) => {
    const written = writeClientSubnet({ address, sourcePrefixLength, scopePrefixLength: 0 })
    expect([...written.octets]).toEqual(octets)
    expect(readClientSubnet(written)).toMatchObject({ address: kept, sourcePrefixLength, scopePrefixLength: 0 })
  })

  it.each([
    { title: 'no octets', bad: option() },
    { title: 'an unknown family', bad: option(0, 3, 0, 0) },
    { title: 'a prefix longer than the address', bad: option(0, 1, 33, 0, 1, 2, 3, 4, 5) },
    { title: 'too few octets for the prefix', bad: option(0, 1, 24, 0, 192, 0) },
    { title: 'too many octets for the prefix', bad: option(0, 1, 8, 0, 192, 0) },
    { title: 'bits after the prefix', bad: option(0, 1, 7, 0, 0xff) },
    { title: 'a scope longer than the address', bad: option(0, 1, 0, 33) },
  ])('is not read from $title (RFC 7871 §6, §7.1.1)', ({ bad }) => {
    expect(readClientSubnet(bad)).toBeUndefined()
  })

  it('refuses to write what is no prefix', () => {
    expect(() => writeClientSubnet({ address: 'x', sourcePrefixLength: 0, scopePrefixLength: 0 })).toThrow(RangeError)
    expect(() => writeClientSubnet({ address: '1.2.3.4', sourcePrefixLength: 33, scopePrefixLength: 0 })).toThrow(
      RangeError,
    )
  })
})

describe('cookie', () => {
  it.each([0, 1, 7, 9, 15, 41])('is not read from %i octets (RFC 7873 §5.2.2)', (length) => {
    expect(readCookie({ code: 10, octets: new Uint8Array(length) })).toBeUndefined()
  })

  it.each([8, 16, 40])('is read from %i octets', (length) => {
    expect(readCookie({ code: 10, octets: new Uint8Array(length) })?.server).toHaveLength(length - 8)
  })
})

describe('extended error', () => {
  it('is written and read with its text', () => {
    expect(readExtendedError(writeExtendedError({ infoCode: 22, extraText: 'keine Antwort: ü' }))).toEqual({
      infoCode: 22,
      extraText: 'keine Antwort: ü',
    })
  })

  it('has the registered names of RFC 8914 §5.2', () => {
    expect([0, 3, 15, 22, 24].map(extendedErrorName)).toEqual([
      'Other',
      'Stale Answer',
      'Blocked',
      'No Reachable Authority',
      'Invalid Data',
    ])
    expect(extendedErrorName(65_535)).toBeUndefined()
    expect(readExtendedError(option(0))).toBeUndefined()
  })
})

describe('the smaller options', () => {
  it('keep their values', () => {
    expect(readTcpKeepalive(writeTcpKeepalive(30_000))).toBe(30_000)
    expect(readTcpKeepalive(writeTcpKeepalive())).toBeUndefined()
    expect(readExpire(writeExpire(604_800))).toBe(604_800)
    expect(readExpire(writeExpire())).toBeUndefined()
    expect(writePadding(7).octets).toEqual(new Uint8Array(7))
  })
})
