// Reads a capture file as the program does and gives what it names.
import { createReadStream } from 'node:fs'
import { CaptureAnalysis, createReport } from '../../src/analysis/index.ts'
import type { CaptureReport } from '../../src/analysis/index.ts'
import { readCapture } from '../../src/capture/index.ts'
import { decodeMessage, rcodeNumber, typeNumber } from '../../src/dns/index.ts'

export async function reportOf(file: string): Promise<CaptureReport> {
  const analysis = new CaptureAnalysis({})
  const read = await readCapture(createReadStream(file), (frame) => analysis.frame(frame))
  analysis.finish()
  return createReport(analysis, read)
}

export async function findPatternsOf(file: string): Promise<CaptureReport['patterns']> {
  return (await reportOf(file)).patterns
}

/** Every DNS message of a file as tshark's fields give it: frame, id, whether it is a response, name, type, rcode. */
export async function messagesOf(file: string): Promise<string[][]> {
  const messages: string[][] = []
  const analysis = new CaptureAnalysis({
    onMessage({ leg, octets, start, end }) {
      const message = decodeMessage(octets.subarray(start, end))
      const [question] = message.question
      messages.push([
        `${leg.frame}`,
        `0x${message.id.toString(16).padStart(4, '0')}`,
        message.flags.qr ? '1' : '0',
        question?.name.replace(/\.$/, '') ?? '',
        question === undefined ? '' : `${typeNumber(question.type)}`,
        message.flags.qr ? `${rcodeNumber(message.rcode)}` : '',
      ])
    },
  })
  await readCapture(createReadStream(file), (frame) => analysis.frame(frame))
  analysis.finish()
  return messages
}
