// Every RDATA type this program knows, by mnemonic. What is not here is kept as octets (RFC 3597).
import type { RRType } from '../message.ts'
import { a } from './a.ts'
import { aaaa } from './aaaa.ts'
import { afsdb } from './afsdb.ts'
import { caa } from './caa.ts'
import { cert } from './cert.ts'
import { cname } from './cname.ts'
import { csync } from './csync.ts'
import { dname } from './dname.ts'
import { dnskey } from './dnskey.ts'
import { ds } from './ds.ts'
import { eui } from './eui.ts'
import type { RDataForm } from './form.ts'
import { hinfo } from './hinfo.ts'
import { kx } from './kx.ts'
import { loc } from './loc.ts'
import { mailbox } from './mailbox.ts'
import { minfo } from './minfo.ts'
import { mx } from './mx.ts'
import { naptr } from './naptr.ts'
import { ns } from './ns.ts'
import { nsec } from './nsec.ts'
import { nsec3 } from './nsec3.ts'
import { nsec3param } from './nsec3param.ts'
import { octets } from './octets.ts'
import { ptr } from './ptr.ts'
import { rp } from './rp.ts'
import { rrsig } from './rrsig.ts'
import { soa } from './soa.ts'
import { srv } from './srv.ts'
import { sshfp } from './sshfp.ts'
import { svcb } from './svcb.ts'
import { tlsa } from './tlsa.ts'
import { txt } from './txt.ts'
import { uri } from './uri.ts'
import { zonemd } from './zonemd.ts'

const FORMS: ReadonlyMap<RRType, RDataForm> = new Map(
  Object.entries({
    A: a,
    AAAA: aaaa,
    AFSDB: afsdb,
    CAA: caa,
    CDNSKEY: dnskey('CDNSKEY'),
    CDS: ds('CDS'),
    CERT: cert,
    CNAME: cname,
    CSYNC: csync,
    DHCID: octets('DHCID'),
    DLV: ds('DLV'),
    DNAME: dname,
    DNSKEY: dnskey('DNSKEY'),
    DS: ds('DS'),
    EUI48: eui('EUI48'),
    EUI64: eui('EUI64'),
    HINFO: hinfo,
    HTTPS: svcb('HTTPS'),
    KEY: dnskey('KEY'),
    KX: kx,
    LOC: loc,
    MB: mailbox('MB'),
    MD: mailbox('MD'),
    MF: mailbox('MF'),
    MG: mailbox('MG'),
    MINFO: minfo,
    MR: mailbox('MR'),
    MX: mx,
    NAPTR: naptr,
    NS: ns,
    NSEC: nsec,
    NSEC3: nsec3,
    NSEC3PARAM: nsec3param,
    OPENPGPKEY: octets('OPENPGPKEY'),
    PTR: ptr,
    RP: rp,
    RRSIG: rrsig,
    SMIMEA: tlsa('SMIMEA'),
    SOA: soa,
    SPF: txt('SPF'),
    SRV: srv,
    SSHFP: sshfp,
    SVCB: svcb('SVCB'),
    TLSA: tlsa('TLSA'),
    TXT: txt('TXT'),
    URI: uri,
    ZONEMD: zonemd,
  }),
)

/** The form of a type's RDATA, or undefined when it is kept as octets. */
export function rdataFormOf(type: RRType): RDataForm | undefined {
  return FORMS.get(type)
}
