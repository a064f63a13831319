// Who may import whom. The table is the house's plan; a folder not named here may not be imported from another one.
import { readFileSync, readdirSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

const SRC = resolve(import.meta.dirname, '../../src')

/** Folder -> folders it may import from (itself always). No cycles: each row names only rows above it. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  base: [],
  page: [],
  dns: ['base'],
  corefile: ['base', 'dns'],
  sys: ['base'],
  net: ['base', 'dns', 'sys'],
  'kube/objects': ['base'],
  'kube/schema': ['base', 'dns', 'kube/objects'],
  'kube/policy': ['dns', 'kube/objects'],
  'kube/api': ['base', 'kube/objects'],
  route: ['base', 'dns', 'corefile', 'kube/objects', 'kube/schema'],
  cache: ['base', 'dns'],
  server: ['base', 'dns', 'corefile', 'net', 'sys'],
  plugins: ['base', 'dns', 'corefile', 'net', 'kube/objects', 'kube/schema', 'kube/api', 'cache', 'server'],
  'node-cache': ['base', 'dns', 'corefile', 'net', 'sys', 'server', 'plugins'],
  capture: ['base', 'dns', 'sys'],
  analysis: ['base', 'dns', 'capture'],
  vantage: ['base', 'dns', 'net', 'sys', 'kube/objects', 'kube/api', 'capture', 'analysis'],
  'doctor/facts': ['base', 'dns', 'corefile', 'kube/objects', 'kube/schema', 'kube/api', 'route', 'vantage'],
  'doctor/ladder': [
    'base',
    'dns',
    'corefile',
    'net',
    'kube/objects',
    'kube/schema',
    'route',
    'vantage',
    'doctor/facts',
  ],
  'doctor/causes': [
    'base',
    'dns',
    'corefile',
    'kube/objects',
    'kube/schema',
    'kube/policy',
    'route',
    'doctor/facts',
    'doctor/ladder',
  ],
  'doctor/verdict': ['base', 'doctor/facts', 'doctor/ladder', 'doctor/causes'],
  'doctor/report': ['base', 'page', 'dns', 'doctor/facts', 'doctor/ladder', 'doctor/causes', 'doctor/verdict'],
  'doctor/bundle': ['base', 'corefile', 'dns', 'doctor/facts', 'doctor/ladder', 'doctor/causes', 'route'],
  doctor: [
    'base',
    'dns',
    'kube/objects',
    'route',
    'vantage',
    'doctor/facts',
    'doctor/ladder',
    'doctor/causes',
    'doctor/verdict',
    'doctor/report',
  ],
  lab: [
    'base',
    'dns',
    'corefile',
    'sys',
    'net',
    'kube/objects',
    'kube/schema',
    'kube/api',
    'route',
    'server',
    'plugins',
    'node-cache',
    'vantage',
  ],
  cli: [
    'base',
    'page',
    'dns',
    'corefile',
    'sys',
    'net',
    'kube/objects',
    'kube/schema',
    'kube/api',
    'route',
    'server',
    'plugins',
    'node-cache',
    'capture',
    'analysis',
    'vantage',
    'doctor',
    'doctor/facts',
    'doctor/ladder',
    'doctor/causes',
    'doctor/verdict',
    'doctor/report',
    'doctor/bundle',
    'lab',
  ],
}

/** Folders that compute only: no sockets, files, clock or randomness of their own. */
const PURE: readonly string[] = [
  'dns',
  'corefile',
  'cache',
  'kube/schema',
  'kube/policy',
  'route',
  'analysis',
  'doctor/causes',
  'doctor/verdict',
]
const IMPURE_MODULES = /^node:(dgram|net|tls|https?|http2|fs|child_process|worker_threads|crypto|os|dns)(\/|$)/
const IMPURE_CALLS = /\b(Date\.now|Math\.random|performance\.now|setTimeout|setInterval|fetch)\s*\(/

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => path.replaceAll('\\', '/'))

function folderOf(path: string): string | undefined {
  const parts = path.split('/').slice(0, -1)
  for (let length = parts.length; length > 0; length -= 1) {
    const folder = parts.slice(0, length).join('/')
    if (folder in MAY_IMPORT) return folder
  }
  return undefined
}

function importsOf(path: string): string[] {
  const text = readFileSync(join(SRC, path), 'utf8')
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1] ?? '')
}

/** The files of the house that a file imports, from SRC on. */
function importedFiles(path: string): string[] {
  return importsOf(path)
    .filter((target) => target.startsWith('.'))
    .map((target) => relative(SRC, resolve(SRC, dirname(path), target)).replaceAll('\\', '/'))
    .filter((target) => !target.startsWith('..') && target.endsWith('.ts'))
}

describe('the house', () => {
  it('has files to look at', () => {
    expect(files.length).toBeGreaterThan(20)
  })

  it('names every folder in the table', () => {
    expect(files.filter((path) => folderOf(path) === undefined)).toEqual([])
  })

  it('has no cycles: each folder imports only folders named before it', () => {
    const order = Object.keys(MAY_IMPORT)
    const wrong = order.flatMap((folder, index) =>
      (MAY_IMPORT[folder] ?? [])
        .filter((other) => order.indexOf(other) >= index || !order.includes(other))
        .map((other) => `${folder} -> ${other}`),
    )
    expect(wrong).toEqual([])
  })

  it('imports only what the table allows', () => {
    const wrong = files.flatMap((path) => {
      const own = folderOf(path) ?? ''
      return importedFiles(path)
        .map((target) => ({ target, folder: folderOf(target) }))
        .filter(({ folder }) => folder !== own && (folder === undefined || !(MAY_IMPORT[own] ?? []).includes(folder)))
        .filter(() => !path.endsWith('.test.ts'))
        .map(({ target }) => `${path} -> ${target}`)
    })
    expect(wrong).toEqual([])
  })

  it('has no circle of files, types included', () => {
    const done = new Set<string>()
    const circles: string[] = []
    const visit = (path: string, trail: readonly string[]): void => {
      const start = trail.indexOf(path)
      if (start >= 0) circles.push([...trail.slice(start), path].join(' -> '))
      if (done.has(path)) return
      done.add(path)
      for (const target of importedFiles(path)) visit(target, [...trail, path])
    }
    for (const path of files) visit(path, [])
    expect(circles).toEqual([])
  })

  it('lets no plugin import another plugin', () => {
    const wrong = files
      .filter((path) => /^plugins\/[^/]+\/.*(?<!\.test)\.ts$/.test(path))
      .flatMap((path) =>
        importsOf(path).map((target) => ({ path, target: relative(SRC, resolve(SRC, dirname(path), target)) })),
      )
      .filter(({ path, target }) => /^plugins\/[^/]+\//.test(target) && target.split('/')[1] !== path.split('/')[1])
      .map(({ path, target }) => `${path} -> ${target}`)
    expect(wrong).toEqual([])
  })

  it('keeps pure folders pure', () => {
    const wrong = files
      .filter((path) => PURE.includes(folderOf(path) ?? '') && !path.endsWith('.test.ts'))
      .filter(
        (path) =>
          importsOf(path).some((target) => IMPURE_MODULES.test(target)) || IMPURE_CALLS.test(withoutComments(path)),
      )
    expect(wrong).toEqual([])
  })
})

function withoutComments(path: string): string {
  return readFileSync(join(SRC, path), 'utf8')
    .replaceAll(/\/\*[\s\S]*?\*\//g, '')
    .replaceAll(/^\s*\/\/.*$/gm, '')
}
