// A self-signed certificate for the API server on loopback (RFC 5280), since kubectl sends a token over TLS only and Node
// can sign but not make certificates. Just enough DER (X.690) for one certificate.
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { isIP } from 'node:net'

export interface ServerCertificate {
  /** PEM; also the CA that clients are given. */
  readonly cert: string
  /** PEM. */
  readonly key: string
}

const DAY_MS = 24 * 60 * 60 * 1000

/** Makes a certificate and key for these host names and IPv4 addresses, valid from yesterday for ten years. */
export function createSelfSigned(names: readonly string[], now: () => number): ServerCertificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const subject = sequence(set(sequence(oid('2.5.4.3'), utf8('fathom-lab'))))
  const algorithm = sequence(oid('1.2.840.10045.4.3.2')) // ecdsa-with-SHA256 (RFC 5758)
  // A positive number of 16 octets: its first bit is cleared, its first octet is not zero.
  const serial = randomBytes(16)
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40
  const certified = sequence(
    explicit(0, element(0x02, Buffer.from([2]))), // version 3
    element(0x02, serial),
    algorithm,
    subject,
    sequence(time(now() - DAY_MS), time(now() + 3650 * DAY_MS)),
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
    explicit(3, sequence(basicConstraints(), subjectAltNames(names))),
  )
  const signature = sign('sha256', certified, privateKey)
  const certificate = sequence(certified, algorithm, bitString(signature))
  return { cert: pem(certificate), key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() }
}

// --- Extensions (RFC 5280 §4.2.1) ---

function basicConstraints(): Buffer {
  const isCa = element(0x01, Buffer.from([0xff]))
  return sequence(oid('2.5.29.19'), isCa, octetString(sequence(isCa)))
}

function subjectAltNames(names: readonly string[]): Buffer {
  const general = names.map((name) =>
    isIP(name) === 4
      ? element(0x87, Buffer.from(name.split('.').map(Number)))
      : element(0x82, Buffer.from(name, 'ascii')),
  )
  return sequence(oid('2.5.29.17'), octetString(sequence(...general)))
}

// --- DER: tag, length, content ---

function element(tag: number, content: Buffer): Buffer {
  const { length } = content
  const octets = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...octets]), content])
}

function sequence(...items: readonly Buffer[]): Buffer {
  return element(0x30, Buffer.concat(items))
}

function set(item: Buffer): Buffer {
  return element(0x31, item)
}

function explicit(number: number, item: Buffer): Buffer {
  return element(0xa0 | number, item)
}

function octetString(content: Buffer): Buffer {
  return element(0x04, content)
}

function bitString(content: Buffer): Buffer {
  return element(0x03, Buffer.concat([Buffer.from([0]), content]))
}

function utf8(text: string): Buffer {
  return element(0x0c, Buffer.from(text, 'utf8'))
}

/** GeneralizedTime; UTCTime, which certificates use before 2050, has two digits of the year. */
function time(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replaceAll(/[-:T]|\.\d+/g, '')
  return Number(digits.slice(0, 4)) < 2050
    ? element(0x17, Buffer.from(digits.slice(2), 'ascii'))
    : element(0x18, Buffer.from(digits, 'ascii'))
}

function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number)
  const octets = rest.flatMap((arc) => {
    const groups = [arc & 0x7f]
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) groups.unshift((left & 0x7f) | 0x80)
    return groups
  })
  return element(0x06, Buffer.from([first * 40 + second, ...octets]))
}

function pem(certificate: Buffer): string {
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}
