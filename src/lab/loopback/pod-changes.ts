// What faults changed about single pods: it holds through restarts and ends with the pod, as a broken pod's replacement is whole.

export interface FileChange {
  readonly path: string
  /** Undefined: what the pod's mounts say. */
  readonly text: string | undefined
}

export class PodChanges {
  /** `namespace/name` -> the last words with which its programs crash each time they start. */
  readonly #crashes = new Map<string, string>()
  readonly #files = new Map<string, Map<string, string>>()

  /** Why a pod's programs cannot run; undefined for a pod that may. */
  crashOf(key: string): string | undefined {
    return this.#crashes.get(key)
  }

  /** Lets a pod crash at each start, or no longer; says whether that is new. */
  setCrash(key: string, why: string | undefined): boolean {
    if (why === undefined) return this.#crashes.delete(key)
    const isNew = this.#crashes.get(key) !== why
    this.#crashes.set(key, why)
    return isNew
  }

  /** Files that differ from what the pod mounts: path -> text. */
  filesOf(key: string): ReadonlyMap<string, string> {
    return this.#files.get(key) ?? new Map()
  }

  /** Gives a pod another content for a file, or takes that back; says whether that is new. */
  setFile(key: string, { path, text }: FileChange): boolean {
    const files = this.#files.get(key) ?? new Map<string, string>()
    if (files.get(path) === text) return false
    if (text === undefined) files.delete(path)
    else files.set(path, text)
    this.#files.set(key, files)
    return true
  }

  /** Takes what holds for one pod over to the one that replaces it. */
  move(from: string, to: string): void {
    const why = this.#crashes.get(from)
    const files = this.#files.get(from)
    this.forget(from)
    if (why !== undefined) this.#crashes.set(to, why)
    if (files !== undefined) this.#files.set(to, files)
  }

  forget(key: string): void {
    this.#crashes.delete(key)
    this.#files.delete(key)
  }
}
