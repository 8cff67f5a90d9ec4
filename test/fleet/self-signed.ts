// A certificate authority that is its own server at 127.0.0.1, as small as X.509 allows (RFC 5280), written
// by hand: Node makes keys, but no certificates.
import { generateKeyPairSync, sign } from 'node:crypto'

export type SelfSigned = { key: string; cert: string }

/** DER: a type, a length, the content. */
function der(tag: number, ...parts: Uint8Array[]): Buffer {
  const content = Buffer.concat(parts)
  const { length } = content
  const bytes =
    length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255]
  return Buffer.concat([Buffer.from([tag, ...bytes]), content])
}

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')
const sequence = (...parts: Uint8Array[]) => der(0x30, ...parts)
const oid = (text: string) => der(0x06, hex(text))
const time = (text: string) => der(0x18, Buffer.from(text))

const algorithms = {
  ec: sequence(oid('2a 86 48 ce 3d 04 03 02')),
  rsa: sequence(oid('2a 86 48 86 f7 0d 01 01 0b'), der(0x05)),
}
const commonName = oid('55 04 03')
const subjectAltName = oid('55 1d 11')
const basicConstraints = oid('55 1d 13')

export function selfSigned(
  name: string,
  kind: keyof typeof algorithms = 'ec',
  until = '21200101000000Z',
): SelfSigned {
  const { publicKey, privateKey } =
    kind === 'ec'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength: 2048 })
  const algorithm = algorithms[kind]
  const who = sequence(der(0x31, sequence(commonName, der(0x0c, Buffer.from(name)))))
  const extensions = sequence(
    // Critical, and true: it may sign, itself first of all.
    sequence(basicConstraints, der(0x01, hex('ff')), der(0x04, sequence(der(0x01, hex('ff'))))),
    sequence(subjectAltName, der(0x04, sequence(der(0x87, hex('7f 00 00 01'))))),
  )
  const content = sequence(
    der(0xa0, der(0x02, hex('02'))),
    der(0x02, hex('01')),
    algorithm,
    who,
    sequence(time('20200101000000Z'), time(until)),
    who,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, extensions),
  )
  const signature = sign('sha256', content, privateKey)
  const cert = sequence(content, algorithm, der(0x03, hex('00'), signature))
  const lines = cert.toString('base64').replace(/.{64}/g, '$&\n')
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
  }
}
