// One copy of each string that clusters repeat by the thousand: namespaces, label keys, node and image names.

/** Strings longer than this are rarely repeated; they are kept as they are. */
const LONGEST = 128
/** The pool forgets everything when it is full, so that a stream of unique names cannot make it grow. */
const MOST_ENTRIES = 100_000

const pool = new Map<string, string>()

/** Gives the first copy seen of an equal string, so that equal strings share memory. */
export function intern(value: string): string {
  if (value.length > LONGEST) return value
  const known = pool.get(value)
  if (known !== undefined) return known
  if (pool.size >= MOST_ENTRIES) pool.clear()
  pool.set(value, value)
  return value
}
