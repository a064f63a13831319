import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { renderDocument } from './document.ts'
import { markup } from './markup.ts'

const PAGE = {
  language: 'en',
  title: 'a < b',
  style: 'a>b{color:red}',
  skip: 'Skip',
  header: markup`made`,
  main: markup`<h1>verdict</h1>`,
}

describe('renderDocument()', () => {
  it('allows its own style sheet as it stands there, by hash, and nothing else', () => {
    const page = renderDocument(PAGE)
    const style = /<style>([^]*)<\/style>/.exec(page)?.[1] ?? ''
    expect(style).toBe(PAGE.style)
    const hash = createHash('sha256').update(style).digest('base64')
    expect(/Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1]?.replaceAll('&#39;', "'")).toBe(
      `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`,
    )
  })

  it('escapes texts, and has a footer only where there is one', () => {
    expect(renderDocument(PAGE)).toContain('<title>a &lt; b</title>')
    expect(renderDocument(PAGE)).not.toContain('<footer')
    expect(renderDocument({ ...PAGE, footer: markup`end` })).toContain('</main>\n<footer class="soft">end</footer>\n')
  })
})
