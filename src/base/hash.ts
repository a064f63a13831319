// A number for a text, for tables of our own. A Map would do but for the collector: of one whose entries come and go all the
// time, each table that is thrown away holds on to the next one and to what it held; once one of them lies in the old
// space, all that follow are promoted, with every object that was in them.

const FNV_PRIME = 16_777_619

/** Hashes a text to 32 bits (FNV-1a, and a last round in which the upper bits reach the lower ones). @param seed not known outside */
export function hashText(text: string, seed: number): number {
  let hash = seed
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), FNV_PRIME)
  hash ^= hash >>> 15
  hash = Math.imul(hash, 0x2c_1b_3c_6d)
  return hash ^ (hash >>> 13)
}
