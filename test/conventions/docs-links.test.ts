// Links in the documentation lead to files and headings that are there, and every page of docs/ is linked from another one.
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

const ROOT = resolve(import.meta.dirname, '../..')
const FOLDERS = ['bench', 'deploy', 'docs', 'lab', 'src', 'test']

const pages = [
  ...readdirSync(ROOT),
  ...FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path)),
  ),
]
  .filter((path) => path.endsWith('.md'))
  .map((path) => path.replaceAll('\\', '/'))

interface Link {
  readonly page: string
  readonly target: string
  /** From the root of the repository. */
  readonly path: string
  readonly heading: string | undefined
}

const links: readonly Link[] = pages.flatMap((page) =>
  [...withoutCode(page).matchAll(/\]\(([^)\s]+)\)/g)]
    .map((match) => match[1] ?? '')
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [file = '', heading] = target.split('#')
      const path = file === '' ? page : relative(ROOT, resolve(ROOT, dirname(page), file)).replaceAll('\\', '/')
      return { page, target, path, heading }
    }),
)

describe('links in the documentation', () => {
  it('are there', () => {
    expect(links.length).toBeGreaterThan(100)
  })

  it('lead to files that exist', () => {
    expect(links.filter(({ path }) => !existsSync(join(ROOT, path))).map(shown)).toEqual([])
  })

  it('lead to headings that exist', () => {
    const wrong = links.filter(
      ({ path, heading }) => heading !== undefined && path.endsWith('.md') && !anchorsOf(path).includes(heading),
    )
    expect(wrong.map(shown)).toEqual([])
  })

  it('lead to every page of docs/', () => {
    const linked = new Set(links.filter(({ page, path }) => page !== path).map(({ path }) => path))
    expect(pages.filter((page) => page.startsWith('docs/') && !linked.has(page))).toEqual([])
  })
})

function shown({ page, target }: Link): string {
  return `${page}: ${target}`
}

/** Headings as GitHub makes anchors of them. */
function anchorsOf(page: string): string[] {
  return [...withoutCode(page).matchAll(/^#+ (.*)$/gm)].map((match) =>
    (match[1] ?? '')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\- _]/gu, '')
      .replaceAll(' ', '-'),
  )
}

function withoutCode(page: string): string {
  return readFileSync(join(ROOT, page), 'utf8').replaceAll(/^```[\s\S]*?^```$/gm, '')
}
