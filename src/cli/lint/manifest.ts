// Corefiles inside Kubernetes manifests: finds them in ConfigMaps, and the way from their lines back to the manifest's.
import { LineCounter, isMap, isPair, isScalar, isSeq, parseAllDocuments } from 'yaml'
import type { Document, Scalar, YAMLMap } from 'yaml'

export interface Place {
  readonly line: number
  readonly column: number
}

/** One Corefile, or a piece of one, with its place in the manifest. */
export interface EmbeddedCorefile {
  /** `kube-system/coredns Corefile`. */
  readonly name: string
  /** Lines of a block only, to be imported into one. */
  readonly isFragment: boolean
  readonly text: string
  /** From a place in `text` to one in the manifest. */
  readonly locate: (place: Place) => Place
}

export interface ManifestError extends Place {
  readonly message: string
}

export interface ManifestContent {
  readonly corefiles: readonly EmbeddedCorefile[]
  readonly errors: readonly ManifestError[]
}

/** Reads YAML or JSON, several documents and Lists included. */
export function findCorefiles(text: string): ManifestContent {
  const lineCounter = new LineCounter()
  const documents = [...parseAllDocuments(text, { lineCounter, uniqueKeys: false })] as Document[]
  const place = (offset: number): Place => {
    const { line, col } = lineCounter.linePos(offset)
    return { line, column: col }
  }
  return {
    // One slip makes the parser stumble again and again: the first place of a document is the one to look at.
    errors: documents.flatMap(({ errors }) =>
      errors.slice(0, 1).map((error) => ({
        ...place(error.pos[0]),
        message: (error.message.split('\n')[0] ?? '').replace(/ at line.*$/, ''),
      })),
    ),
    corefiles: documents.flatMap(({ contents }) =>
      configMapsIn(contents).flatMap((configMap) => corefilesOf(configMap, { text, place })),
    ),
  }
}

function configMapsIn(node: unknown): YAMLMap[] {
  if (!isMap(node)) return []
  if (node.get('kind') === 'ConfigMap') return [node]
  const items = node.get('items', true)
  return isSeq(items) ? items.items.flatMap(configMapsIn) : []
}

interface Manifest {
  readonly text: string
  readonly place: (offset: number) => Place
}

/** The keys that a CoreDNS reads, also those of AKS, k3s and others for what users add. */
function corefilesOf(configMap: YAMLMap, manifest: Manifest): EmbeddedCorefile[] {
  const entries = configMap.get('data', true)
  if (!isMap(entries)) return []
  const owner = [configMap.getIn(['metadata', 'namespace']), configMap.getIn(['metadata', 'name'])]
  return entries.items.flatMap((pair): EmbeddedCorefile[] => {
    if (!isPair(pair) || !isScalar(pair.key) || !isScalar(pair.value) || typeof pair.value.value !== 'string') return []
    const key = String(pair.key.value)
    if (!/^corefile(?:[-_.]|$)|\.(?:server|override)$/i.test(key)) return []
    const name = `${owner.filter((part) => typeof part === 'string').join('/')} ${key}`.trim()
    return [
      {
        name,
        isFragment: key.endsWith('.override'),
        text: pair.value.value,
        locate: locatorFor(pair.value as Scalar<string>, manifest),
      },
    ]
  })
}

// --- Places ---

/** From a line and column of a scalar's value to the manifest. */
function locatorFor(scalar: Scalar<string>, { text, place }: Manifest): (at: Place) => Place {
  const [start, end] = scalar.range ?? [0, 0]
  const lines = lineStarts(scalar.value)
  const offsets = isBlock(scalar) ? blockOffsets(text, { start, end, lines }) : flowOffsets(text, start, end)
  return ({ line, column }) => {
    const at = (lines[line - 1] ?? scalar.value.length) + column - 1
    return place(offsets(at) ?? start)
  }
}

function isBlock({ type }: Scalar): boolean {
  return type === 'BLOCK_LITERAL' || type === 'BLOCK_FOLDED'
}

function lineStarts(text: string): number[] {
  return [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)]
}

interface BlockText {
  readonly start: number
  readonly end: number
  /** Where the lines of the value begin. */
  readonly lines: readonly number[]
}

/** Every line of the value is one below the `|`, behind its indentation. */
function blockOffsets(text: string, { start, end, lines }: BlockText): (at: number) => number | undefined {
  const begins: number[] = []
  let indent: number | undefined
  for (let offset = text.indexOf('\n', start) + 1; offset > 0 && offset < end;) {
    const lineEnd = text.indexOf('\n', offset)
    const line = text.slice(offset, lineEnd < 0 ? end : lineEnd)
    if (line.trim() !== '') indent ??= line.length - line.trimStart().length
    begins.push(offset + Math.min(indent ?? 0, line.length))
    offset = lineEnd + 1
  }
  return (at) => {
    const line = lines.findLastIndex((from) => from <= at)
    const begin = begins[line]
    return begin === undefined ? begins.at(-1) : begin + at - (lines[line] ?? 0)
  }
}

/** Goes through a quoted or plain scalar as YAML reads it: escapes, and line breaks that fold (YAML 1.2.2 §6.5, §7.3). */
function flowOffsets(text: string, start: number, end: number): (at: number) => number | undefined {
  const quote = text[start] === '"' || text[start] === "'" ? text[start] : ''
  const offsets: number[] = []
  /** Length of the value up to the last character that folding may not take away. */
  let kept = 0
  let position = start + quote.length
  while (position < end - quote.length) {
    const rest = text.slice(position, position + 12)
    const escape = quote === '"' ? /^\\(?:\r?\n[ \t]*|x..|u....|U.{8}|.)/s.exec(rest)?.[0] : undefined
    const character = text[position] ?? ''
    if (escape !== undefined) {
      if (!/^\\\r?\n/.test(escape)) offsets.push(position)
      position += escape.length
      if (/^\\\r?\n/.test(escape)) position = skipBlanks(text, position)
      kept = offsets.length
    } else if (character === '\n' || character === '\r') {
      offsets.length = kept
      const breaks = /^[\r\n \t]*/.exec(text.slice(position, end))?.[0] ?? ''
      const count = breaks.split('\n').length - 1
      offsets.push(...Array.from({ length: Math.max(1, count - 1) }, () => position))
      position += breaks.length
      kept = offsets.length
    } else {
      offsets.push(position)
      position += quote === "'" && character === "'" ? 2 : 1
      if (character !== ' ' && character !== '\t') kept = offsets.length
    }
  }
  return (at) => offsets[at] ?? offsets.at(-1)
}

function skipBlanks(text: string, from: number): number {
  let position = from
  while (text[position] === ' ' || text[position] === '\t') position += 1
  return position
}
