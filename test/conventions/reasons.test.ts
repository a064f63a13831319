// Vantages and facts give their reasons in English; a Chinese report has Chinese words for each of them.
import { readFileSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { translateReason } from '../../src/doctor/report/translate-reason.ts'

const SRC = resolve(import.meta.dirname, '../../src')
const FOLDERS = ['vantage', 'doctor/facts']
/** A reason as it stands in the sources, behind the field that holds it. */
const REASON =
  /\b(?:why|whyAbsent|needs)(?:\?)?\s*[:=]\s*(?:`([^`]*)`|'([^']*)'|"([^"]*)")|\bskip\((?:`([^`]*)`|'([^']*)'|"([^"]*)")/g
/** Said to who watches, as kinds of failure, or made of rights and programs, which have the same name everywhere. */
const OTHER =
  /^(?:as given by --image|the node has |refused$|timeout$|unreachable$|root \(CAP|(?:create|get|list|patch)[ ,]|Value$|Value; Value$)/
const HAN = /\p{Script=Han}/u

function sources(): string[] {
  return FOLDERS.flatMap((folder) =>
    readdirSync(join(SRC, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
      .map((path) => readFileSync(join(SRC, folder, path), 'utf8')),
  )
}

describe('translateReason()', () => {
  it('has Chinese words for every reason of vantages and facts', () => {
    const found = sources().flatMap((text) =>
      [...text.matchAll(REASON)].map((match) => match.slice(1).find((part) => part !== undefined) ?? ''),
    )
    // Values may be anything, and reasons themselves.
    const reasons = found
      .map((reason) => reason.replaceAll(/\$\{[^}]*\}/g, 'Value'))
      .filter((reason) => !OTHER.test(reason))
    expect(reasons.length).toBeGreaterThan(60)
    const plain = reasons.filter((reason) => reason.includes(' ') && !HAN.test(translateReason(reason, 'zh')))
    expect([...new Set(plain)]).toEqual([])
  })

  it.each([
    { text: 'cannot enter /run/netns/x: it is not there (any more)', as: '无法进入 /run/netns/x：它不（再）存在' },
    { text: 'cannot read /etc/x: it is not a regular file there', as: '无法读取 /etc/x：它不是普通文件' },
    { text: 'cannot read /etc/x: EACCES', as: '无法读取 /etc/x：EACCES' },
    { text: 'nothing can be asked from shop/web: the command was cut off', as: '无法从 shop/web 查询：命令被中断' },
    { text: 'something that nobody foresaw', as: 'something that nobody foresaw' },
  ])('words $text', ({ text, as }) => {
    expect(translateReason(text, 'zh')).toBe(as)
    expect(translateReason(text, 'en')).toBe(text)
  })

  it('keeps its time on long texts of many parts', () => {
    const text = 'cannot read : '.repeat(5000)
    expect(translateReason(text, 'zh')).toBe(text)
  })
})
