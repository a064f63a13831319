import { describe, expect, it } from 'vitest'
import { escapeHtml, markup } from './markup.ts'

describe('escapeHtml()', () => {
  it('leaves nothing that ends an element, an attribute or a line of sight', () => {
    expect(escapeHtml(`<a b="c" d='e'>&`)).toBe('&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;')
    expect(escapeHtml('a\u001B[2J\u0000\u202Eb\u200B\uD800')).toBe('a\uFFFD[2J\uFFFD\uFFFDb\uFFFD\uFFFD')
    expect(escapeHtml('域名\t1\n2 \u{1F600}')).toBe('域名\t1\n2 \u{1F600}')
  })
})

describe('markup', () => {
  it('escapes text and passes markup on', () => {
    expect(markup`<b>${'<'}${markup`<i>${2}</i>`}${[markup`x`, markup`&amp;`]}</b>`.html).toBe(
      '<b>&lt;<i>2</i>x&amp;</b>',
    )
  })
})
