import { describe, expect, it } from 'vitest'
import { Switchboard } from './switchboard.ts'
import type { Origin } from './switchboard.ts'

const NODE1: Origin = { node: 'node1', address: '192.168.0.2' }
const NODE2: Origin = { node: 'node2', address: '192.168.0.3' }
const POD: Origin = { node: 'node1', address: '10.233.102.5' }
const at = (port: number): { address: string; port: number } => ({ address: '127.0.0.1', port })

describe('Switchboard', () => {
  it('gives a wildcard listener the address of its owner', () => {
    const board = new Switchboard()
    board.register(POD, { address: '::', port: 53 }, at(1001))
    expect(board.resolve(NODE2, { address: '10.233.102.5', port: 53 })).toEqual({ kind: 'port', endpoint: at(1001) })
  })

  it('keeps link-local addresses apart by node', () => {
    const board = new Switchboard()
    const cache = { address: '169.254.25.10', port: 53 }
    board.register(NODE1, cache, at(1001))
    board.register(NODE2, cache, at(1002))
    expect(board.resolve(POD, cache)).toEqual({ kind: 'port', endpoint: at(1001) })
    expect(board.resolve(NODE2, cache)).toEqual({ kind: 'port', endpoint: at(1002) })
  })

  it('keeps loopback addresses to their own network namespace', () => {
    const board = new Switchboard()
    board.register(NODE1, { address: '127.0.0.1', port: 10_249 }, at(1001))
    expect(board.resolve(NODE1, { address: '127.0.0.1', port: 10_249 }).kind).toBe('port')
    expect(board.resolve(POD, { address: '127.0.0.1', port: 10_249 }).kind).toBe('refused')
  })

  it('refuses closed ports of addresses that live, and is silent for all others', () => {
    const board = new Switchboard()
    const unregister = board.registerAddress('10.233.71.1')
    expect(board.resolve(NODE1, { address: '10.233.71.1', port: 54 }).kind).toBe('refused')
    expect(board.resolve(NODE1, { address: '8.8.8.8', port: 53 }).kind).toBe('silent')
    unregister()
    expect(board.resolve(NODE1, { address: '10.233.71.1', port: 54 }).kind).toBe('silent')
  })

  it('forgets a listener that is taken out, but not the one that took its place', () => {
    const board = new Switchboard()
    const address = { address: '10.233.71.1', port: 53 }
    const unregister = board.register(POD, address, at(1001))
    board.register(POD, address, at(1002))
    unregister()
    expect(board.resolve(NODE1, address)).toEqual({ kind: 'port', endpoint: at(1002) })
  })
})
