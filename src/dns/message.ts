// What a DNS message is, as plain readonly data. Octets: wire/. Presentation format: text/. Knows nothing of either.

/**
 * An absolute domain name in presentation format with the final dot: `www.example.org.`, the root is `.`.
 *
 * Case is kept as received. Octets outside printable ASCII are `\DDD`; a dot or backslash inside a label is `\.`, `\\`
 * (RFC 1035 §5.1). Compare with `equalNames`, never with `===`.
 */
export type DomainName = string

/** A mnemonic (`'AAAA'`) or, for types without one, `'TYPE65280'` (RFC 3597 §5). */
export type RRType = string
/** `'IN'`, `'CH'`, `'HS'`, `'NONE'`, `'ANY'` or `'CLASS32'` (RFC 3597 §5). */
export type RRClass = string
/** `'QUERY'`, `'IQUERY'`, `'STATUS'`, `'NOTIFY'`, `'UPDATE'`, `'DSO'` or `'OPCODE7'`. */
export type Opcode = string
/** A mnemonic (`'NXDOMAIN'`, `'BADVERS'`) or `'RCODE24'`; extended rcodes (RFC 6891 §6.1.3) included. */
export type Rcode = string

export interface Question {
  readonly name: DomainName
  readonly type: RRType
  readonly class: RRClass
}

export interface ResourceRecord {
  readonly name: DomainName
  readonly type: RRType
  readonly class: RRClass
  /** Seconds, 0 to 2147483647 (RFC 2181 §8). */
  readonly ttl: number
  readonly rdata: RData
}

/** The header's bits, named as in RFC 1035 §4.1.1 and RFC 4035 §3. */
export interface Flags {
  readonly qr: boolean
  readonly aa: boolean
  readonly tc: boolean
  readonly rd: boolean
  readonly ra: boolean
  /** The reserved bit; must be zero, dig reports it. */
  readonly z: boolean
  readonly ad: boolean
  readonly cd: boolean
}

/** One EDNS option as it stood on the wire; known ones are read by functions in wire/edns. */
export interface EdnsOption {
  /** 0 to 65535: 3 NSID, 8 client subnet, 10 cookie, 12 padding, 15 extended error. */
  readonly code: number
  readonly octets: Uint8Array
}

/** The OPT pseudo-record (RFC 6891 §6.1.2), taken out of the additional section. */
export interface Edns {
  /** What the sender can receive over UDP, in octets, 0 to 65535. */
  readonly udpPayloadSize: number
  readonly version: number
  /** DO (RFC 3225). */
  readonly dnssecOk: boolean
  /** The other 15 flag bits; zero today. */
  readonly z: number
  readonly options: readonly EdnsOption[]
}

export interface Message {
  /** 0 to 65535. */
  readonly id: number
  readonly opcode: Opcode
  readonly flags: Flags
  /** With the OPT record's upper eight bits merged in. */
  readonly rcode: Rcode
  readonly question: readonly Question[]
  readonly answer: readonly ResourceRecord[]
  readonly authority: readonly ResourceRecord[]
  /** Without the OPT record; see `edns`. */
  readonly additional: readonly ResourceRecord[]
  readonly edns?: Edns | undefined
}

/** A `<character-string>`: every code unit is one octet, 0 to 255; at most 255 of them on the wire. */
export type CharacterString = string

// --- RDATA, discriminated on `type`; field names are those of the defining RFC ---

export type RData =
  | AData
  | AaaaData
  | NsData
  | CnameData
  | DnameData
  | PtrData
  | SoaData
  | MxData
  | TxtData
  | SrvData
  | HinfoData
  | NaptrData
  | CaaData
  | DsData
  | DnskeyData
  | RrsigData
  | NsecData
  | TlsaData
  | SshfpData
  | SvcbData
  | UriData
  | Nsec3Data
  | Nsec3ParamData
  | RpData
  | AfsdbData
  | KxData
  | MailboxData
  | MinfoData
  | LocData
  | CertData
  | CsyncData
  | ZonemdData
  | OctetsData
  | EuiData
  | UnknownData

/** RFC 1035 §3.4.1. */
export interface AData {
  readonly type: 'A'
  /** Dotted decimal. */
  readonly address: string
}
/** RFC 3596 §2.2. */
export interface AaaaData {
  readonly type: 'AAAA'
  /** RFC 5952 text. */
  readonly address: string
}
export interface NsData {
  readonly type: 'NS'
  readonly nsdname: DomainName
}
export interface CnameData {
  readonly type: 'CNAME'
  readonly cname: DomainName
}
/** RFC 6672 §2.1. */
export interface DnameData {
  readonly type: 'DNAME'
  readonly target: DomainName
}
export interface PtrData {
  readonly type: 'PTR'
  readonly ptrdname: DomainName
}
/** RFC 1035 §3.3.13; the five numbers are 32-bit, all but `serial` in seconds. */
export interface SoaData {
  readonly type: 'SOA'
  readonly mname: DomainName
  readonly rname: DomainName
  readonly serial: number
  readonly refresh: number
  readonly retry: number
  readonly expire: number
  readonly minimum: number
}
export interface MxData {
  readonly type: 'MX'
  readonly preference: number
  readonly exchange: DomainName
}
/** TXT and SPF, which has the same form (RFC 7208 §3.1). */
export interface TxtData {
  readonly type: 'TXT' | 'SPF'
  readonly strings: readonly CharacterString[]
}
/** RFC 2782. */
export interface SrvData {
  readonly type: 'SRV'
  readonly priority: number
  readonly weight: number
  readonly port: number
  readonly target: DomainName
}
export interface HinfoData {
  readonly type: 'HINFO'
  readonly cpu: CharacterString
  readonly os: CharacterString
}
/** RFC 3403 §4.1. */
export interface NaptrData {
  readonly type: 'NAPTR'
  readonly order: number
  readonly preference: number
  readonly flags: CharacterString
  readonly services: CharacterString
  readonly regexp: CharacterString
  readonly replacement: DomainName
}
/** RFC 8659 §4.1. */
export interface CaaData {
  readonly type: 'CAA'
  readonly flags: number
  readonly tag: string
  /** One octet per code unit; not limited to 255. */
  readonly value: string
}
/** RFC 4034 §5.1; CDS (RFC 7344) and DLV (RFC 4431) have the same form. */
export interface DsData {
  readonly type: 'DS' | 'CDS' | 'DLV'
  readonly keyTag: number
  readonly algorithm: number
  readonly digestType: number
  readonly digest: Uint8Array
}
/** RFC 4034 §2.1; CDNSKEY (RFC 7344) and KEY (RFC 2535) have the same form. */
export interface DnskeyData {
  readonly type: 'DNSKEY' | 'CDNSKEY' | 'KEY'
  readonly flags: number
  readonly protocol: number
  readonly algorithm: number
  readonly publicKey: Uint8Array
}
/** RFC 4034 §3.1; times are seconds since the epoch, modulo 2^32. */
export interface RrsigData {
  readonly type: 'RRSIG'
  readonly typeCovered: RRType
  readonly algorithm: number
  readonly labels: number
  readonly originalTtl: number
  readonly expiration: number
  readonly inception: number
  readonly keyTag: number
  readonly signerName: DomainName
  readonly signature: Uint8Array
}
/** RFC 4034 §4.1. */
export interface NsecData {
  readonly type: 'NSEC'
  readonly nextDomainName: DomainName
  readonly types: readonly RRType[]
}
/** RFC 6698 §2.1. */
export interface TlsaData {
  readonly type: 'TLSA' | 'SMIMEA'
  readonly usage: number
  readonly selector: number
  readonly matchingType: number
  readonly associationData: Uint8Array
}
/** RFC 4255 §3.1. */
export interface SshfpData {
  readonly type: 'SSHFP'
  readonly algorithm: number
  readonly fingerprintType: number
  readonly fingerprint: Uint8Array
}
/** RFC 9460 §2.2; parameter values stay octets. */
export interface SvcbData {
  readonly type: 'SVCB' | 'HTTPS'
  readonly priority: number
  readonly target: DomainName
  readonly params: readonly { readonly key: number; readonly value: Uint8Array }[]
}
/** RFC 7553 §4. */
export interface UriData {
  readonly type: 'URI'
  readonly priority: number
  readonly weight: number
  readonly target: string
}
/** RFC 5155 §3.2. */
export interface Nsec3Data {
  readonly type: 'NSEC3'
  readonly hashAlgorithm: number
  readonly flags: number
  readonly iterations: number
  readonly salt: Uint8Array
  readonly nextHashedOwnerName: Uint8Array
  readonly types: readonly RRType[]
}
/** RFC 5155 §4.2. */
export interface Nsec3ParamData {
  readonly type: 'NSEC3PARAM'
  readonly hashAlgorithm: number
  readonly flags: number
  readonly iterations: number
  readonly salt: Uint8Array
}
/** RFC 1183 §2.2. */
export interface RpData {
  readonly type: 'RP'
  readonly mboxDname: DomainName
  readonly txtDname: DomainName
}
/** RFC 1183 §1. */
export interface AfsdbData {
  readonly type: 'AFSDB'
  readonly subtype: number
  readonly hostname: DomainName
}
/** RFC 2230 §3.1. */
export interface KxData {
  readonly type: 'KX'
  readonly preference: number
  readonly exchanger: DomainName
}
/** The types of RFC 1035 §3.3 that hold one name and are obsolete or experimental. */
export interface MailboxData {
  readonly type: 'MB' | 'MD' | 'MF' | 'MG' | 'MR'
  readonly dname: DomainName
}
/** RFC 1035 §3.3.7. */
export interface MinfoData {
  readonly type: 'MINFO'
  readonly rmailbx: DomainName
  readonly emailbx: DomainName
}
/** RFC 1876 §2, as the wire has it. */
export interface LocData {
  readonly type: 'LOC'
  /** Only 0 is defined. */
  readonly version: number
  /** Mantissa in the upper four bits, power of ten in the lower: centimeters. */
  readonly size: number
  readonly horizontalPrecision: number
  readonly verticalPrecision: number
  /** Thousandths of a second of arc, 2^31 at the equator. */
  readonly latitude: number
  /** Thousandths of a second of arc, 2^31 at the prime meridian. */
  readonly longitude: number
  /** Centimeters from 100,000 m below the WGS 84 spheroid. */
  readonly altitude: number
}
/** RFC 4398 §2. */
export interface CertData {
  readonly type: 'CERT'
  readonly certificateType: number
  readonly keyTag: number
  readonly algorithm: number
  readonly certificate: Uint8Array
}
/** RFC 7477 §2.1. */
export interface CsyncData {
  readonly type: 'CSYNC'
  readonly serial: number
  readonly flags: number
  readonly types: readonly RRType[]
}
/** RFC 8976 §2.2. */
export interface ZonemdData {
  readonly type: 'ZONEMD'
  readonly serial: number
  readonly scheme: number
  readonly hashAlgorithm: number
  readonly digest: Uint8Array
}
/** RDATA that its RFC shows as base64 and nothing else: RFC 7929, RFC 4701. */
export interface OctetsData {
  readonly type: 'DHCID' | 'OPENPGPKEY'
  readonly octets: Uint8Array
}
/** RFC 7043: six or eight octets. */
export interface EuiData {
  readonly type: 'EUI48' | 'EUI64'
  readonly octets: Uint8Array
}
/** Any type this program does not know, kept as it is (RFC 3597 §5). */
export interface UnknownData {
  readonly type: 'UNKNOWN'
  readonly octets: Uint8Array
}
