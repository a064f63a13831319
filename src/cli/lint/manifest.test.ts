import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { findCorefiles } from './manifest.ts'

/** What the manifest has at the place that a text inside it is found to be. */
function textAt(manifest: string, needle: string): string[] {
  return findCorefiles(manifest).corefiles.map(({ text, locate }) => {
    const before = text.slice(0, text.indexOf(needle)).split('\n')
    const { line, column } = locate({ line: before.length, column: (before.at(-1)?.length ?? 0) + 1 })
    return (manifest.split('\n')[line - 1] ?? '').slice(column - 1, column - 1 + needle.length)
  })
}

const LITERAL = `apiVersion: v1
kind: ConfigMap
metadata:
  name: coredns
  namespace: kube-system
data:
  Corefile: |

    .:53 {
        errors

        proxy . /etc/resolv.conf
    }
`

describe('findCorefiles()', () => {
  it.each([
    { what: 'a literal block', manifest: LITERAL },
    {
      what: 'one with chomping and another indentation',
      manifest: LITERAL.replace('Corefile: |', 'Corefile: |-').replaceAll(/^ {4}/gm, '        '),
    },
    { what: 'a document behind others', manifest: `kind: Secret\n---\n# c\n---\n${LITERAL}` },
    {
      what: 'JSON',
      manifest: JSON.stringify({ kind: 'ConfigMap', data: { Corefile: '.:53 {\n  errors\n  proxy . x\n}\n' } }),
    },
    {
      what: 'indented JSON in a List',
      manifest: JSON.stringify(
        { kind: 'List', items: [{ kind: 'ConfigMap', data: { Corefile: '.:53 {\n  proxy . x\n}\n' } }] },
        undefined,
        2,
      ),
    },
    {
      what: 'a quoted text that goes on in the next line, as kubectl prints it',
      manifest: 'kind: ConfigMap\ndata:\n  Corefile: ".:53 {\\n    errors \\n\n    \\   proxy . x\\n}\\n"\n',
    },
    {
      what: 'a quoted text with escaped line breaks',
      manifest: 'kind: ConfigMap\ndata:\n  Corefile: ".:53 {\\n\\\n    \\    proxy . x\\n}\\n"\n',
    },
    { what: 'single quotes', manifest: "kind: ConfigMap\ndata:\n  Corefile: '.:53\n\n    proxy . x'\n" },
  ])('finds places in $what', ({ manifest }) => {
    expect(textAt(manifest, 'proxy')).toEqual(['proxy'])
  })

  it('takes the keys that hold Corefiles, and names them', () => {
    const keys = ['Corefile', 'Corefile-backup', 'extra.server', 'log.override', 'NodeHosts', 'README']
    const data = keys.map((key) => `  ${key}: |\n    log\n`).join('')
    const manifest = `kind: ConfigMap\nmetadata: {name: c, namespace: kube-system}\ndata:\n${data}`
    expect(findCorefiles(manifest).corefiles.map(({ name, isFragment }) => [name, isFragment])).toEqual([
      ['kube-system/c Corefile', false],
      ['kube-system/c Corefile-backup', false],
      ['kube-system/c extra.server', false],
      ['kube-system/c log.override', true],
    ])
  })

  it.each([
    'kind: Pod\ndata:\n  Corefile: x\n',
    'kind: ConfigMap\n',
    'kind: ConfigMap\ndata: x\n',
    'kind: ConfigMap\ndata:\n  Corefile: 5\n',
    '[]',
    '',
    'just text',
  ])('finds nothing in %j', (manifest) => {
    expect(findCorefiles(manifest)).toEqual({ corefiles: [], errors: [] })
  })

  it('says where YAML is broken, in one line', () => {
    const { errors } = findCorefiles('kind: ConfigMap\ndata:\n  a: "x\n b: [\n')
    expect(errors[0]).toMatchObject({ line: expect.any(Number), column: expect.any(Number) })
    expect(errors.every(({ message }) => !message.includes('\n'))).toBe(true)
  })

  it('finds every character of any Corefile, however YAML writes it', () => {
    const piece = fc.constantFrom(
      'a',
      'bc',
      ' ',
      '  ',
      '\n',
      '\n\n',
      '\t',
      '"',
      "'",
      '\\\\',
      '{',
      '#',
      ':',
      'é',
      '\u0001',
    )
    const style = fc.constantFrom('QUOTE_DOUBLE', 'QUOTE_SINGLE', 'BLOCK_LITERAL') as fc.Arbitrary<'QUOTE_DOUBLE'>
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 30 }),
        style,
        fc.integer({ min: 20, max: 80 }),
        (pieces, defaultStringType, lineWidth) => {
          const corefile = `x${pieces.join('')}`
          const manifest = stringify(
            { kind: 'ConfigMap', data: { Corefile: corefile } },
            { defaultStringType, lineWidth, defaultKeyType: 'PLAIN' },
          )
          const [found] = findCorefiles(manifest).corefiles
          const lines = manifest.split('\n')
          for (const [index, line] of corefile.split('\n').entries()) {
            for (const [at, character] of line.split('').entries()) {
              if (!/[a-z{#:]/.test(character)) continue
              const { line: row, column } = found?.locate({ line: index + 1, column: at + 1 }) ?? { line: 0, column: 0 }
              expect(lines[row - 1]?.[column - 1]).toBe(character)
            }
          }
        },
      ),
    )
  })
})
