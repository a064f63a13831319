import { BaseError } from '../../../base/index.ts'

export type ManifestErrorCode =
  /** No file there, no permission, a folder without manifests. */
  | 'unreadable'
  /** Neither JSON nor YAML. */
  | 'syntax'
  /** JSON or YAML, but no Kubernetes object. */
  | 'not-an-object'

/** A manifest that cannot be used: which file, where in it, what was found. */
export class ManifestError extends BaseError<ManifestErrorCode> {
  readonly path: string

  constructor(code: ManifestErrorCode, message: string, options: { readonly path: string }) {
    super(code, message)
    this.path = options.path
  }
}
