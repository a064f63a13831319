import { describe, expect, it } from 'vitest'
import { createZoneTable } from './zone-table.ts'

function table(...zones: readonly string[]) {
  return createZoneTable(
    zones.map((zone) => ({
      zone,
      chain: undefined,
      anyClass: false,
      debug: false,
      stackTraces: false,
      hot: new Map(),
    })),
  )
}

describe('createZoneTable()', () => {
  it.each([
    { zones: ['.', 'example.org.', 'a.example.org.'], name: 'x.a.example.org.', zone: 'a.example.org.' },
    { zones: ['.', 'example.org.', 'a.example.org.'], name: 'a.example.org.', zone: 'a.example.org.' },
    { zones: ['.', 'example.org.', 'a.example.org.'], name: 'xa.example.org.', zone: 'example.org.' },
    { zones: ['.', 'example.org.'], name: 'org.', zone: '.' },
    { zones: ['.'], name: '.', zone: '.' },
    { zones: ['example.org.'], name: '.', zone: undefined },
    { zones: ['example.org.'], name: 'example.net.', zone: undefined },
    // A dot inside a label is not a boundary.
    { zones: ['example.org.'], name: String.raw`x\.example.org.`, zone: undefined },
    { zones: ['example.org.'], name: String.raw`x\\.example.org.`, zone: 'example.org.' },
  ])('$name among $zones is in $zone', ({ zones, name, zone }) => {
    expect(table(...zones).find(name, false)?.zone).toBe(zone)
  })

  it.each([
    { zones: ['.', 'example.org.', 'a.example.org.'], name: 'a.example.org.', zone: 'example.org.' },
    { zones: ['.', 'example.org.', 'a.example.org.'], name: 'x.a.example.org.', zone: 'a.example.org.' },
    { zones: ['.', 'example.org.'], name: 'example.org.', zone: 'example.org.' },
    { zones: ['a.example.org.'], name: 'a.example.org.', zone: 'a.example.org.' },
    { zones: ['.'], name: '.', zone: '.' },
  ])('a DS question for $name among $zones is for $zone', ({ zones, name, zone }) => {
    expect(table(...zones).find(name, true)?.zone).toBe(zone)
  })
})
