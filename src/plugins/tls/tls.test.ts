import { describe, expect, it } from 'vitest'
import { configured } from '../../../test/support/configured.ts'
import { createSelfSigned } from '../../lab/cluster/self-signed.ts'
import { tlsPlugin } from './index.ts'

const [own, other] = [
  createSelfSigned(['a'], () => Date.UTC(2026, 0, 1)),
  createSelfSigned(['b'], () => Date.UTC(2026, 0, 1)),
]
const file = (text: string): { text: string; mtimeMs: number } => ({ text, mtimeMs: 0 })
const files = new Map([
  ['/c.pem', file(own.cert)],
  ['/k.pem', file(own.key)],
  ['/ca.pem', file(other.cert)],
  ['/other.key', file(other.key)],
  ['/text', file('hello')],
])

describe('tls', () => {
  it('hands certificate and key to the server', () => {
    expect(configured(tlsPlugin, 'tls c.pem k.pem', { files })).toEqual({
      tls: { cert: own.cert, key: own.key, ca: undefined, clientAuth: 'nocert', keylog: undefined },
    })
  })

  it('reads CA, client_auth and keylog, and warns about the last', () => {
    const log: string[] = []
    const directive = 'tls c.pem k.pem ca.pem {\nclient_auth verify_if_given\nkeylog keys\n}'
    expect(configured(tlsPlugin, directive, { files, log }).tls).toMatchObject({
      ca: other.cert,
      clientAuth: 'verify_if_given',
      keylog: '/keys',
    })
    expect(log).toEqual(['warning Writing TLS Key Log to "/keys"'])
  })

  it.each([
    ['tls', 'asks for certificates from an ACME server, which this program does not do'],
    ['tls c.pem', 'Wrong argument count'],
    ['tls c.pem k.pem ca.pem x', 'Wrong argument count'],
    ['tls none.pem k.pem', 'could not load TLS cert: '],
    ['tls c.pem other.key', 'could not load TLS cert: c.pem, other.key: '],
    ['tls text k.pem', 'could not load TLS cert: text, k.pem: '],
    ['tls c.pem k.pem text', 'could not read root certs: text holds no certificate'],
    ['tls c.pem k.pem none.pem', 'error reading none.pem: '],
    ['tls c.pem k.pem {\nclient_auth maybe\n}', "unknown authentication type 'maybe'"],
    ['tls c.pem k.pem {\nclient_auth\n}', 'Wrong argument count'],
    ['tls c.pem k.pem {\nciphers all\n}', "unknown option 'ciphers'"],
  ])('refuses %j: %s', (directive, message) => {
    expect(() => configured(tlsPlugin, directive, { files })).toThrow(message)
  })
})
