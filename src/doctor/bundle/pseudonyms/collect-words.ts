// Which words the names of a bundle are made of: what stands where names stand, and what texts quote.
import { parseResolvConf } from '../../../route/index.ts'

/** Fields that hold names, or lists and maps of them. */
const NAMES: ReadonlySet<string> = new Set([
  'configMap',
  'externalName',
  'from',
  'given',
  'hostname',
  'hostnames',
  'image',
  'name',
  'namespace',
  'namespaceSelector',
  'node',
  'nodeName',
  'owner',
  'pod',
  'podSelector',
  'pods',
  'records',
  'searched',
  'searches',
  'service',
  'serviceAccountName',
  'serviceName',
  'subdomain',
  'topologyZone',
  'upstreamService',
  'zone',
])
/** Maps whose keys are names too. */
const NAMING_MAPS: ReadonlySet<string> = new Set(['labels', 'matchLabels', 'selector', 'matchExpressions'])
const WORD = /[A-Za-z0-9]+(?:_[A-Za-z0-9]+)*/g
const URL_HOST = /\bhttps?:\/\/([^\s/"'?#]+)/g
/** `User "system:serviceaccount:shop:web"`. */
const QUOTED_NAME = /["'\u201c]([A-Za-z0-9][\w.:/@-]*)["'\u201d]/g
const COREFILE_NAME = /^Corefile|\.(?:server|override)$/

/** Collects the words of everything below a value; they may be kept ones as well. */
export function collectWords(root: unknown): Set<string> {
  const words = new Set<string>()
  const seen = new Set<object>()
  const add = (text: string): void => {
    for (const [word] of text.matchAll(WORD)) words.add(word)
  }
  const addText = (text: string, key: string): void => {
    for (const pattern of [URL_HOST, QUOTED_NAME]) for (const [, name = ''] of text.matchAll(pattern)) add(name)
    if (key === 'text' || key === 'resolvConf') parseResolvConf(text).searches.forEach(add)
    if (COREFILE_NAME.test(key)) add(withoutComments(text))
  }
  /** `isName`: the value stands where names stand. */
  const visit = (value: unknown, key: string, isName: boolean): void => {
    if (typeof value === 'string') {
      if (isName) add(value)
      else addText(value, key)
      return
    }
    if (typeof value !== 'object' || value === null || seen.has(value)) return
    seen.add(value)
    if (Array.isArray(value)) {
      for (const item of value as unknown[]) visit(item, key, isName)
      return
    }
    // A Corefile is made of directives, which are kept words, and of what tells whose it is.
    if ('blocks' in value && 'text' in value && typeof value.text === 'string') add(withoutComments(value.text))
    const isNaming = NAMING_MAPS.has(key)
    for (const [own, item] of Object.entries(value)) {
      if (isNaming || (key === 'data' && COREFILE_NAME.test(own))) add(own)
      visit(item, own, isNaming || NAMES.has(own))
    }
  }
  visit(root, '', false)
  return words
}

function withoutComments(text: string): string {
  return text.replaceAll(/#.*$/gm, '')
}
