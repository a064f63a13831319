// A network namespace to enter, and the files that belong to the same place.

/** Where a place's files lie on this machine. */
export type NamespaceFiles =
  /** A directory that is the place's root: `/proc/PID/root`. */
  | { readonly kind: 'root'; readonly path: string }
  /** A directory that stands for the place's /etc: `/etc/netns/NAME`. */
  | { readonly kind: 'etc'; readonly path: string }

export interface NamespaceTarget {
  /** `/proc/PID/ns/net`, `/run/netns/NAME`. */
  readonly netns: string
  /** How the place is reached, for reports. */
  readonly how: string
  /** Tried in order. This machine's own files are never among them by default: they are another place's. */
  readonly files: readonly NamespaceFiles[]
}
