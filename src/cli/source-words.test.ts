import { describe, expect, it } from 'vitest'
import { sourceWords } from './source-words.ts'

describe('sourceWords()', () => {
  it('repeats what names the cluster, quoted for a shell', () => {
    expect(sourceWords({ lab: '' })).toEqual(['--lab'])
    expect(sourceWords({ lab: 'demo', namespace: 'shop' })).toEqual(['-n', 'shop', '--lab=demo'])
    expect(sourceWords({ manifests: ['my dump'] })).toEqual(['--manifests', "'my dump'"])
    expect(sourceWords({})).toEqual([])
  })
})
