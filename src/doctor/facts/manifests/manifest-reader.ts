// One stream of JSON or YAML to the objects it holds: pieces from the splitters, parsed and read one at a time.
import {
  isJsonObject,
  readList,
  readObject,
  type EndpointSlice,
  type KubeObject,
  type ReadList,
} from '../../../kube/objects/index.ts'
import { ManifestError } from './error.ts'
import { JsonSplitter, type JsonPiece } from './json-splitter.ts'
import { YamlSplitter, type YamlPiece } from './yaml-splitter.ts'

type ParseYaml = (text: string) => unknown

/** Something in a manifest that is no Kubernetes object. */
export interface ManifestProblem {
  readonly path: string
  /** `document 2, items[3], line 14`; empty for the whole file. */
  readonly at: string
  readonly why: string
}

/** Collects what all manifests held; a {@link ReadList} that grows. */
export class ManifestCollection implements ReadList {
  readonly objects: KubeObject[] = []
  readonly fromEndpoints: EndpointSlice[] = []
  readonly ignored: Map<string, number> = new Map()
  readonly problems: { at: string; why: string }[] = []
  readonly manifestProblems: ManifestProblem[] = []

  /** Takes a single object of a kind that is read, the usual item of a list; false for everything else. */
  take(json: unknown): boolean {
    const object = readObject(json)
    if (object === undefined || object.meta.name === '') return false
    this.objects.push(object)
    return true
  }

  /** Takes over what one document or item held. */
  add(list: ReadList, where: { readonly path: string; readonly at: string }): void {
    for (const object of list.objects) this.objects.push(object)
    for (const slice of list.fromEndpoints) this.fromEndpoints.push(slice)
    for (const [kind, count] of list.ignored) this.ignored.set(kind, (this.ignored.get(kind) ?? 0) + count)
    for (const { why } of list.problems) this.manifestProblems.push({ ...where, why })
  }
}

/** Takes the chunks of one stream; {@link ManifestReader.end} must be called when there are no more. */
export interface ManifestReader {
  /** @throws {ManifestError} `syntax` */
  push(chunk: Buffer): void
  /** @throws {ManifestError} `syntax` */
  end(): void
}

/** Whether a stream is JSON, by its first octets: white space and a byte order mark, then `{` or `[`. */
export function looksLikeJson(head: Buffer): boolean {
  return /^[\uFEFF\s]*[{[]/.test(head.toString('utf8', 0, 4096))
}

/** What a list says for its items, which need not repeat it. */
interface ListKind {
  readonly apiVersion: string
  readonly kind: string
}

// --- JSON ---

export function createJsonReader(path: string, into: ManifestCollection): ManifestReader {
  /** Of the document at hand; undefined until the first item asks. */
  let listKind: ListKind | undefined
  let orphans: { readonly json: unknown; readonly piece: JsonPiece }[] = []
  const splitter: JsonSplitter = new JsonSplitter({
    item(piece) {
      take(parse(piece), piece)
    },
    items(piece) {
      let list: unknown[]
      try {
        list = JSON.parse(piece.text) as unknown[]
      } catch {
        return -1
      }
      for (const [at, json] of list.entries()) take(json, { ...piece, item: piece.item + at })
      return list.length
    },
    shell(piece) {
      const json = parse(piece)
      const kind = listKindOf(json)
      for (const orphan of orphans) into.add(readItem(orphan.json, kind), place(orphan.piece))
      const hadItems = listKind !== undefined
      listKind = undefined
      orphans = []
      // A list whose items were cut out is an empty list now, and has nothing to say; anything else is one object.
      if (!hadItems) into.add(readList(json), place(piece))
    },
    fault({ offset, document, why }) {
      throw new ManifestError('syntax', `Cannot parse ${path} as JSON: document ${document}, octet ${offset}: ${why}`, {
        path,
      })
    },
  })
  const take = (json: unknown, piece: JsonPiece): void => {
    listKind ??= kindOfShell(splitter.shellSoFar)
    // A list may name its kind after its items: those that do not say their own wait for it.
    if (isJsonObject(json) && json['kind'] === undefined && listKind.kind === '') orphans.push({ json, piece })
    else if (!into.take(json)) into.add(readItem(json, listKind), place(piece))
  }
  const place = ({ document, item }: JsonPiece): { path: string; at: string } => ({
    path,
    at: [...(document > 1 ? [`document ${document}`] : []), ...(item >= 0 ? [`items[${item}]`] : [])].join(', '),
  })
  const parse = (piece: JsonPiece): unknown => {
    try {
      return JSON.parse(piece.text)
    } catch (error) {
      const where = piece.item < 0 ? `document ${piece.document}` : `items[${piece.item}] of document ${piece.document}`
      const why = error instanceof Error ? error.message.split('\n')[0] : String(error)
      throw new ManifestError(
        'syntax',
        `Cannot parse ${path} as JSON: ${where}, which begins at octet ${piece.offset}: ${why}`,
        { path },
      )
    }
  }
  return { push: (chunk) => splitter.push(chunk), end: () => splitter.end() }
}

/** Reads an unfinished list document up to its items, `{"kind":"PodList","items":[`, for the kind it names. */
function kindOfShell(text: string): ListKind {
  try {
    return listKindOf(JSON.parse(`${text}]}`))
  } catch {
    return { apiVersion: '', kind: '' }
  }
}

function listKindOf(json: unknown): ListKind {
  if (!isJsonObject(json)) return { apiVersion: '', kind: '' }
  const { apiVersion, kind } = json
  return {
    apiVersion: typeof apiVersion === 'string' ? apiVersion : '',
    kind: typeof kind === 'string' ? kind : '',
  }
}

function readItem(json: unknown, list: ListKind): ReadList {
  const isTyped = list.kind.endsWith('List') && list.kind !== 'List'
  return readList(isTyped ? { ...list, items: [json] } : json)
}

// --- YAML ---

export function createYamlReader(path: string, into: ManifestCollection, parseYaml: ParseYaml): ManifestReader {
  /** Items wait for their document's shell only when they do not name their kind themselves. */
  let orphans: { readonly json: unknown; readonly piece: YamlPiece }[] = []
  let hadItems = false
  const decoder = new TextDecoder('utf-8')
  const splitter = new YamlSplitter((piece) => {
    const json = parse(piece)
    if (piece.item >= 0) {
      hadItems = true
      if (isJsonObject(json) && json['kind'] === undefined) orphans.push({ json, piece })
      else into.add(readList(json), place(piece))
      return
    }
    const kind = listKindOf(json)
    for (const orphan of orphans) into.add(readItem(orphan.json, kind), place(orphan.piece))
    if (!hadItems && json !== null && json !== undefined) into.add(readList(json), place(piece))
    orphans = []
    hadItems = false
  })
  const place = ({ document, item, line }: YamlPiece): { path: string; at: string } => ({
    path,
    at: [
      ...(document > 1 ? [`document ${document}`] : []),
      ...(item >= 0 ? [`items[${item}]`] : []),
      `line ${line}`,
    ].join(', '),
  })
  const parse = (piece: YamlPiece): unknown => {
    try {
      return parseYaml(piece.text)
    } catch (error) {
      throw yamlError(path, piece, error)
    }
  }
  return {
    push: (chunk) => splitter.push(decoder.decode(chunk, { stream: true })),
    end() {
      splitter.push(decoder.decode())
      splitter.end()
    },
  }
}

function yamlError(path: string, piece: YamlPiece, error: unknown): ManifestError {
  const inPiece = (error as { readonly linePos?: readonly { readonly line: number; readonly col: number }[] })
    .linePos?.[0]
  const line = piece.line + (inPiece?.line ?? 1) - 1
  const column = inPiece === undefined ? '' : `, column ${inPiece.col}`
  const said = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)
  const why = said.replace(/ at line \d+, column \d+:?$/, '')
  return new ManifestError('syntax', `Cannot parse ${path} as YAML: line ${line}${column}: ${why}`, { path })
}
