// Filters as classic BPF programs (sock_filter: code u16 | jump if true u8 | jump if false u8 | constant u32) for sockets that give
// packets from their network header on. The EtherType comes from the kernel's ancillary data.
import { CaptureError } from '../error.ts'
import type { Filter, Protocol, Side } from './parse-filter.ts'

const LD_W = 0x20
const LD_H = 0x28
const LD_B = 0x30
const LD_H_X = 0x48
const LD_B_X = 0x50
/** X = 4 * (octet & 15): the length of an IPv4 header. */
const LDX_MSH = 0xb1
const JA = 0x05
const JEQ = 0x15
const JSET = 0x45
const RET = 0x06
const SKF_AD_PROTOCOL = 0xfffff000
const MAX_INSTRUCTIONS = 4096
const WHOLE_PACKET = 0x40000

/** A place in the program that is not known yet. */
interface Label {
  at: number
}

interface Instruction {
  readonly code: number
  readonly constant: number
  readonly whenTrue?: Label
}

/** Compiles a filter. @throws {CaptureError} `bad-filter` when the program would be longer than the kernel takes */
export function compileFilter(filter: Filter): Uint8Array {
  const program: Instruction[] = []
  const [accept, reject] = [{ at: 0 }, { at: 0 }]
  compile(filter, accept, reject)
  accept.at = program.length
  program.push({ code: RET, constant: WHOLE_PACKET })
  reject.at = program.length
  program.push({ code: RET, constant: 0 })
  if (program.length > MAX_INSTRUCTIONS) {
    throw new CaptureError(
      'bad-filter',
      0,
      `Cannot use filter: it takes ${program.length} instructions, the kernel allows ${MAX_INSTRUCTIONS}`,
    )
  }
  return assemble(program)

  function compile(node: Filter, yes: Label, no: Label): void {
    switch (node.kind) {
      case 'and': {
        const right: Label = { at: 0 }
        compile(node.left, right, no)
        right.at = program.length
        compile(node.right, yes, no)
        return
      }
      case 'or': {
        const right: Label = { at: 0 }
        compile(node.left, yes, right)
        right.at = program.length
        compile(node.right, yes, no)
        return
      }
      case 'not':
        compile(node.of, no, yes)
        return
      case 'port':
        compilePort(node, yes, no)
        return
      case 'host':
        compileHost(node.octets, node.side, { yes, no })
        return
      case 'protocol':
        eachFamily(no, (field) => testProtocol(field, node.protocol, { yes, no }))
        return
      case 'icmp':
        eachFamily(no, (field, isV6) => {
          load(LD_B, field)
          jump(JEQ, isV6 ? 58 : 1, { yes, no })
        })
        return
      case 'fragment':
        eachFamily(no, (field, isV6) => {
          load(isV6 ? LD_B : LD_H, isV6 ? field : 6)
          if (isV6) jump(JEQ, 44, { yes, no })
          else jump(JSET, 0x3fff, { yes, no })
        })
        return
      case 'vxlan':
        eachFamily(no, (field, isV6) => {
          require(field, 17, no)
          const flags: Label = { at: 0 }
          loadTransport(isV6, { offset: 2, isHalf: true, no })
          const other: Label = { at: 0 }
          jump(JEQ, 4789, { yes: flags, no: other })
          other.at = program.length
          jump(JEQ, 8472, { yes: flags, no })
          flags.at = program.length
          loadTransport(isV6, { offset: 8, isHalf: false, no })
          jump(JEQ, 8, { yes, no })
        })
    }
  }

  function compilePort({ port, protocol, side }: Extract<Filter, { kind: 'port' }>, yes: Label, no: Label): void {
    eachFamily(no, (field, isV6) => {
      const isTransport: Label = { at: 0 }
      testProtocol(field, protocol, { yes: isTransport, no })
      isTransport.at = program.length
      const second: Label = { at: 0 }
      if (side !== 'dst') {
        loadTransport(isV6, { offset: 0, isHalf: true, no })
        jump(JEQ, port, { yes, no: side === 'any' ? second : no })
      }
      second.at = program.length
      if (side !== 'src') {
        loadTransport(isV6, { offset: 2, isHalf: true, no })
        jump(JEQ, port, { yes, no })
      }
    })
  }

  function compileHost(octets: Uint8Array, side: Side, { yes, no }: Targets): void {
    const isV6 = octets.length === 16
    require(SKF_AD_PROTOCOL, isV6 ? 0x86dd : 0x0800, no, LD_H)
    const places = [...(side === 'dst' ? [] : [isV6 ? 8 : 12]), ...(side === 'src' ? [] : [isV6 ? 24 : 16])]
    const view = new DataView(octets.buffer, octets.byteOffset)
    places.forEach((place, index) => {
      const next: Label = { at: 0 }
      const otherwise = index === places.length - 1 ? no : next
      for (let word = 0; word < octets.length; word += 4) {
        const more: Label = { at: 0 }
        load(LD_W, place + word)
        jump(JEQ, view.getUint32(word), { yes: word + 4 === octets.length ? yes : more, no: otherwise })
        more.at = program.length
      }
      next.at = program.length
    })
  }

  /** The same test for both families; `field` is where the protocol's number stands. */
  function eachFamily(no: Label, test: (field: number, isV6: boolean) => void): void {
    const [v4, notV4, v6] = [{ at: 0 }, { at: 0 }, { at: 0 }]
    load(LD_H, SKF_AD_PROTOCOL)
    jump(JEQ, 0x0800, { yes: v4, no: notV4 })
    v4.at = program.length
    test(9, false)
    notV4.at = program.length
    load(LD_H, SKF_AD_PROTOCOL)
    jump(JEQ, 0x86dd, { yes: v6, no })
    v6.at = program.length
    test(6, true)
  }

  function testProtocol(field: number, protocol: Protocol | undefined, { yes, no }: Targets): void {
    load(LD_B, field)
    if (protocol !== undefined) {
      jump(JEQ, protocol === 'udp' ? 17 : 6, { yes, no })
      return
    }
    const tcp: Label = { at: 0 }
    jump(JEQ, 17, { yes, no: tcp })
    tcp.at = program.length
    jump(JEQ, 6, { yes, no })
  }

  /** Loads from the transport header; later fragments have none. */
  function loadTransport(isV6: boolean, { offset, isHalf, no }: { offset: number; isHalf: boolean; no: Label }): void {
    if (isV6) {
      load(isHalf ? LD_H : LD_B, 40 + offset)
      return
    }
    const first: Label = { at: 0 }
    load(LD_H, 6)
    jump(JSET, 0x1fff, { yes: no, no: first })
    first.at = program.length
    load(LDX_MSH, 0)
    load(isHalf ? LD_H_X : LD_B_X, offset)
  }

  // oxlint-disable-next-line max-params -- an instruction's fields
  function require(field: number, value: number, no: Label, code: number = LD_B): void {
    const next: Label = { at: 0 }
    load(code, field)
    jump(JEQ, value, { yes: next, no })
    next.at = program.length
  }

  function load(code: number, constant: number): void {
    program.push({ code, constant })
  }

  /** A conditional jump reaches 255 instructions, an unconditional one everything: so each is one and two. */
  function jump(code: number, constant: number, { yes, no }: Targets): void {
    program.push({ code, constant }, { code: JA, constant: 0, whenTrue: yes }, { code: JA, constant: 0, whenTrue: no })
  }
}

interface Targets {
  readonly yes: Label
  readonly no: Label
}

function assemble(program: readonly Instruction[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(8 * program.length))
  program.forEach(({ code, constant, whenTrue }, index) => {
    view.setUint16(8 * index, code, true)
    // The two instructions behind a condition are its targets.
    if (code === JEQ || code === JSET) view.setUint8(8 * index + 3, 1)
    view.setUint32(8 * index + 4, whenTrue === undefined ? constant : whenTrue.at - index - 1, true)
  })
  return new Uint8Array(view.buffer)
}
