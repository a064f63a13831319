// How many terminal columns a text takes: Chinese characters take two (Unicode Standard Annex #11).

/** Code points that East Asian terminals show in two columns, as pairs of first and last. */
const WIDE: readonly (readonly [number, number])[] = [
  [0x11_00, 0x11_5f],
  [0x2e_80, 0x30_3e],
  [0x30_41, 0x33_ff],
  [0x34_00, 0x4d_bf],
  [0x4e_00, 0xa4_cf],
  [0xa9_60, 0xa9_7f],
  [0xac_00, 0xd7_a3],
  [0xf9_00, 0xfa_ff],
  [0xfe_30, 0xfe_6f],
  [0xff_01, 0xff_60],
  [0xff_e0, 0xff_e6],
  [0x1_f3_00, 0x1_f6_4f],
  [0x1_f9_00, 0x1_f9_ff],
  [0x2_00_00, 0x3_ff_fd],
]

/** Columns that a text without control characters takes on a terminal. */
export function displayWidth(text: string): number {
  let width = 0
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0
    if (/\p{Mark}/u.test(character)) continue
    width += WIDE.some(([first, last]) => point >= first && point <= last) ? 2 : 1
  }
  return width
}

/** Pads a text with spaces on the right to `columns` terminal columns. */
export function padToWidth(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - displayWidth(text)))
}
