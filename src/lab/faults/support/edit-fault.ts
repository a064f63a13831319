// Faults that consist of edits: of fields of objects, of texts in ConfigMaps and node files, of objects that are put there.
import { isDeepStrictEqual } from 'node:util'
import { isJsonObject } from '../../../kube/objects/index.ts'
import { LabError } from '../../cluster/lab-error.ts'
import { textMapAt } from '../../cluster/raw-object.ts'
import type { RawObject } from '../../cluster/raw-object.ts'
import { CONFIG_MAP_TYPE, POD_TYPE, resourceTypeOf } from '../../cluster/resource-types.ts'
import type { ResourceType } from '../../cluster/resource-types.ts'
import type { Fault, FaultStage } from '../fault.ts'

/** One change that can be told from its surroundings, so that others may be made and taken back beside it. */
export interface Edit {
  make(stage: FaultStage): void
  /** Takes the change back where it is still so. */
  undo(stage: FaultStage): void
  isThere(stage: FaultStage): boolean
}

interface EditFaultOptions extends Omit<Fault, 'inject' | 'isThere'> {
  readonly edits: (stage: FaultStage) => readonly Edit[]
  /** What must happen before the cluster feels the change, when it was made and when it was taken back. */
  readonly after?: (stage: FaultStage) => Promise<void>
}

/** A fault that consists of edits; it is there while any of them is. */
export function editFault({ edits, after, ...about }: EditFaultOptions): Fault {
  return {
    ...about,
    async inject(stage) {
      const made: Edit[] = []
      const takeBack = (): void => {
        for (const edit of made.toReversed()) edit.undo(stage)
      }
      try {
        for (const edit of edits(stage)) {
          edit.make(stage)
          made.push(edit)
        }
      } catch (error) {
        takeBack()
        throw error
      }
      await after?.(stage)
      return async () => {
        takeBack()
        await after?.(stage)
      }
    },
    isThere: (stage) => edits(stage).some((edit) => edit.isThere(stage)),
  }
}

// --- Objects ---

/** Which object is meant. */
interface ObjectRef {
  readonly apiVersion: string
  readonly kind: string
  readonly namespace?: string
  readonly name: string
}

/** Replaces the value at a path of keys and indexes; `undefined` removes it. The path's parents must be there. */
export function setField(ref: ObjectRef, path: readonly (number | string)[], value: unknown): Edit {
  let before: unknown
  const type = typeOf(ref)
  const write = ({ store }: FaultStage, next: unknown): void => {
    const object = store.get(type, ref.namespace, ref.name)
    if (object !== undefined) store.update(type, withValue(object, path, next) as RawObject)
  }
  const now = ({ store }: FaultStage): unknown => readValue(store.get(type, ref.namespace, ref.name), path)
  return {
    make(stage) {
      if (stage.store.get(type, ref.namespace, ref.name) === undefined) throw missing(`${ref.kind} ${ref.name}`)
      before = now(stage)
      write(stage, value)
    },
    undo(stage) {
      if (isDeepStrictEqual(now(stage), value)) write(stage, before)
    },
    isThere: ({ store }) => {
      const object = store.get(type, ref.namespace, ref.name)
      return object !== undefined && isDeepStrictEqual(readValue(object, path), value)
    },
  }
}

/** Puts an object there that the cluster does not have. */
export function addObject(object: RawObject): Edit {
  const type = typeOf(object)
  const { namespace, name } = object.metadata
  return {
    make({ store }) {
      if (store.create(type, object).kind !== 'written') {
        const where = namespace === '' ? '' : ` -n ${namespace}`
        throw new LabError(
          'not-supported',
          `Cannot inject the fault: it makes a ${object.kind} "${name}", and the cluster has one of that name; delete it first: kubectl delete ${object.kind.toLowerCase()}${where} ${name}`,
        )
      }
    },
    undo: ({ store }) => void store.delete(type, namespace, name),
    isThere: ({ store }) => store.get(type, namespace, name) !== undefined,
  }
}

function typeOf({ apiVersion, kind }: { readonly apiVersion: string; readonly kind: string }): ResourceType {
  const type = resourceTypeOf(apiVersion, kind)
  if (type === undefined) throw new LabError('not-supported', `The lab's API server has no ${kind}`)
  return type
}

function readValue(json: unknown, [key, ...rest]: readonly (number | string)[]): unknown {
  if (key === undefined) return json
  if (Array.isArray(json)) return readValue((json as readonly unknown[])[Number(key)], rest)
  return isJsonObject(json) ? readValue(json[key], rest) : undefined
}

function withValue(json: unknown, [key, ...rest]: readonly (number | string)[], value: unknown): unknown {
  if (key === undefined) return value
  if (Array.isArray(json)) {
    return json.map((item: unknown, index) => (index === Number(key) ? withValue(item, rest, value) : item))
  }
  if (!isJsonObject(json)) return json
  const next = withValue(json[key], rest, value)
  if (next !== undefined) return { ...json, [key]: next }
  return Object.fromEntries(Object.entries(json).filter(([name]) => name !== String(key)))
}

// --- Texts ---

/** A text that a fault edits. */
interface TextPlace {
  readonly called: string
  read(stage: FaultStage): string | undefined
  /** Undefined takes a file away. */
  write(stage: FaultStage, text: string | undefined): void
}

/** The key `Corefile` of a ConfigMap in kube-system. */
export function corefileOf(name: string): TextPlace {
  return {
    called: `the Corefile of ConfigMap ${name}`,
    read: ({ store }) => textMapAt(store.get(CONFIG_MAP_TYPE, 'kube-system', name) ?? {}, 'data')['Corefile'],
    write({ store }, text) {
      const map = store.get(CONFIG_MAP_TYPE, 'kube-system', name)
      if (map !== undefined) store.update(CONFIG_MAP_TYPE, withValue(map, ['data', 'Corefile'], text) as RawObject)
    },
  }
}

/** A file of a node. */
export function nodeFile(node: string, path: string): TextPlace {
  return {
    called: `${node}:${path}`,
    read: ({ nodeFiles }) => nodeFiles.get(node)?.get(path),
    write({ nodeFiles }, text) {
      if (text === undefined) nodeFiles.get(node)?.delete(path)
      else nodeFiles.get(node)?.set(path, text)
    },
  }
}

/** Takes a file of a node away. */
export function removeFile(place: TextPlace): Edit {
  let before = ''
  return {
    make(stage) {
      const text = place.read(stage)
      if (text === undefined) throw missing(place.called)
      before = text
      place.write(stage, undefined)
    },
    undo(stage) {
      if (place.read(stage) === undefined) place.write(stage, before)
    },
    isThere: (stage) => place.read(stage) === undefined,
  }
}

/** Gives one pod another text for a file than kubelet or its mounts do, from its next start on. */
export function podFile(
  namespace: string,
  name: string,
  { path, text }: { readonly path: string; readonly text: string },
): Edit {
  const podOf = ({ store }: FaultStage): RawObject | undefined => store.get(POD_TYPE, namespace, name)
  return {
    make(stage) {
      const pod = podOf(stage)
      if (pod === undefined) throw missing(`pod ${namespace}/${name}`)
      stage.overrideFile(pod, { path, text })
    },
    undo(stage) {
      const pod = podOf(stage)
      if (pod !== undefined) stage.overrideFile(pod, { path, text: undefined })
    },
    isThere(stage) {
      const pod = podOf(stage)
      return pod !== undefined && stage.overriddenFile(pod, path) === text
    },
  }
}

/** Replaces the first `from` of a text; taken back, the first `to` becomes `from` again. `to` must be found nowhere else in it. */
export function replaceText(place: TextPlace, change: { readonly from: string; readonly to: string }): Edit {
  const { from, to } = change
  return {
    make(stage) {
      const text = place.read(stage)
      if (text?.includes(from) !== true) throw missing(`${JSON.stringify(from)} in ${place.called}`)
      place.write(
        stage,
        text.replace(from, () => to),
      )
    },
    undo(stage) {
      const text = place.read(stage)
      if (text?.includes(to) === true)
        place.write(
          stage,
          text.replace(to, () => from),
        )
    },
    isThere: (stage) => place.read(stage)?.includes(to) === true,
  }
}

/** Adds to the end of a text. */
export function appendText(place: TextPlace, added: string): Edit {
  return {
    make(stage) {
      const text = place.read(stage)
      if (text === undefined) throw missing(place.called)
      place.write(stage, text + added)
    },
    undo(stage) {
      const text = place.read(stage)
      if (text?.includes(added) === true)
        place.write(
          stage,
          text.replace(added, () => ''),
        )
    },
    isThere: (stage) => place.read(stage)?.includes(added) === true,
  }
}

function missing(what: string): LabError {
  return new LabError('not-supported', `Cannot inject the fault: the cluster has no ${what}`)
}
