// Every plugin has a README in one form, and every Corefile in it can be used.
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createSelfSigned } from '../../src/lab/cluster/self-signed.ts'
import { PLUGINS } from '../../src/plugins/index.ts'
import { checkServer, systemFiles, type Files } from '../../src/server/index.ts'

const ROOT = resolve(import.meta.dirname, '../../src/plugins')
const SECTIONS = ['Name', 'Description', 'Syntax', 'Examples', 'Metrics']

/** What README examples refer to, by file name wherever the example looks for it. */
const CERTIFICATE = createSelfSigned(['example.org'], () => Date.UTC(2026, 0, 1))
const FILES: Readonly<Record<string, string>> = {
  'cert.pem': CERTIFICATE.cert,
  'key.pem': CERTIFICATE.key,
  'ca.pem': CERTIFICATE.cert,
  'resolv.conf': 'nameserver 192.0.2.53\nsearch example.org\n',
  hosts: '192.0.2.1 www.example.org\n',
  NodeHosts: '192.0.2.2 node1\n',
}

const files: Files = {
  ...systemFiles,
  readText: (path) => FILES[basename(path)] ?? systemFiles.readText(path),
  stat(path) {
    const text = FILES[basename(path)]
    if (text === undefined) return systemFiles.stat(path)
    return { mtimeMs: 0, sizeBytes: text.length, isDirectory: false }
  },
}

const plugins = readdirSync(ROOT, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && existsSync(join(ROOT, entry.name, 'index.ts')))
  .map(({ name }) => ({ name, readme: readReadme(name) }))

function readReadme(plugin: string): string {
  const path = join(ROOT, plugin, 'README.md')
  return existsSync(path) ? readFileSync(path, 'utf8') : ''
}

function corefilesIn(readme: string): string[] {
  return [...readme.matchAll(/^```corefile\n([\s\S]*?)^```$/gm)].map((match) => match[1] ?? '')
}

/** Warnings and errors that the start of this Corefile would write; none is good. */
async function complaintsAbout(corefile: string): Promise<string[]> {
  let output = ''
  try {
    await checkServer({
      plugins: PLUGINS,
      corefile: { text: corefile },
      files,
      environment: { HOSTNAME: 'coredns-1' },
      write: (text) => {
        output += text
      },
    })
  } catch (error) {
    return [String(error)]
  }
  return output.split('\n').filter((line) => line.startsWith('[ERROR]'))
}

describe('plugin READMEs', () => {
  it('are there to look at', () => {
    expect(plugins.length).toBeGreaterThan(17)
    expect(plugins.flatMap(({ readme }) => corefilesIn(readme)).length).toBeGreaterThan(20)
  })

  it.each(plugins)('$name: has the five sections in order', ({ name, readme }) => {
    const headings = [...readme.matchAll(/^## (.*)$/gm)].map((match) => match[1] ?? '')
    expect(readme.startsWith(`# ${name}\n`)).toBe(true)
    expect(headings.filter((heading) => SECTIONS.includes(heading))).toEqual(SECTIONS)
    expect(readme).toMatch(new RegExp(`^## Name\\n\\n\\*${name}\\* - .*\\.$`, 'm'))
  })

  it.each(plugins)('$name: every Corefile in it can be used', async ({ readme }) => {
    const corefiles = corefilesIn(readme)
    expect(corefiles.length).toBeGreaterThan(0)
    for (const corefile of corefiles)
      expect({ corefile, complaints: await complaintsAbout(corefile) }).toEqual({ corefile, complaints: [] })
  })
})
