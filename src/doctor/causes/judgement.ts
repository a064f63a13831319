// What a cause may say. Wording lives in report/ only: a judgement holds keys and values, never sentences.
import type { Basis, Phrase } from '../ladder/phrase.ts'
import type { CauseCode } from './codes.ts'

/** The thing that is at fault. */
export interface Subject {
  readonly kind: 'config-map' | 'name' | 'namespace' | 'node' | 'pod' | 'service' | 'statefulset' | 'upstream'
  /** `namespace/name`, a node's name, an address or a domain name. */
  readonly name: string
}

/** A Kubernetes object, or a file on a node, that has to do with the judgement. */
export interface ObjectRef {
  readonly kind: string
  /** Empty for cluster-scoped objects and files. */
  readonly namespace: string
  /** Of a file: `NODE:PATH`. */
  readonly name: string
  /** The field that decides, such as `spec.selector`. */
  readonly field?: string
}

/** One line of evidence: what was seen and how it came to be known. */
export interface EvidenceLine extends Phrase {
  readonly basis: Basis
}

export interface Fix extends Phrase {
  /** What to type, one command a line; lines that start with `#` explain. */
  readonly command: string
}

interface Finding {
  readonly subject: Subject
  readonly objects: readonly ObjectRef[]
  /** Values of the summary's wording, which stands under the cause's code. */
  readonly values: Phrase['values']
  /** Key of the line whose words stand in for the summary, where less was seen than the summary says. */
  readonly summary?: string
  /** Most telling first; reports show the first five. */
  readonly evidence: readonly EvidenceLine[]
  readonly fix: Fix
  /**
   * True when no healthy cluster shows this. Otherwise it is a fact of the configuration, which is a cause only when it
   * explains something that failed, and an observation when it does not.
   */
  readonly isFault: boolean
  /** Causes that lie beneath this one when they are found too, beside those that lie beneath every finding of its code. */
  readonly beneath?: readonly CauseCode[]
  /** Ids of failed rungs that this explains; {@link ASKED_NAME} for the name that was asked about. */
  readonly explains: readonly string[]
}

/** Every line of the catalogue's proof was observed. */
export interface Proven extends Finding {
  readonly status: 'proven'
}
/** Some lines were observed and none was refuted; `missing` says what would decide. */
export interface Suspected extends Finding {
  readonly status: 'suspected'
  readonly missing: readonly Phrase[]
}
/** Refuted, and by what. */
export interface Excluded {
  readonly status: 'excluded'
  readonly subject?: Subject
  readonly by: EvidenceLine
}
/** Missing evidence is an outcome, never silence. */
export interface NotChecked {
  readonly status: 'not-checked'
  readonly subject?: Subject
  readonly why: Phrase
  readonly needs?: Phrase
}

export type Judgement = Excluded | NotChecked | Proven | Suspected

/** Stands in `explains` for the name given by `--name` when it cannot be resolved. */
export const ASKED_NAME = 'name'

/** Makes a line of evidence. */
export function line(basis: Basis, key: string, values: Phrase['values'] = {}): EvidenceLine {
  return { basis, key, values }
}
