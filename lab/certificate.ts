// A self-signed certificate for 127.0.0.1, as each Proxmox server makes one for itself. Node makes keys and signatures, but
// no certificates; what is missing is the DER form of one fixed shape (RFC 5280). The library that writes it brings twenty
// packages and a change to the global Reflect, for a certificate that only the lab shows.
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import type { Fingerprint } from '../src/values/fingerprint.ts';
import { parseFingerprint } from '../src/values/fingerprint.ts';

export type Certificate = Readonly<{ key: string; cert: string; fingerprint: Fingerprint }>;

const tags = { integer: 0x02, bits: 0x03, octets: 0x04, oid: 0x06, text: 0x0c, time: 0x17, sequence: 0x30, set: 0x31 };
const loopback = Buffer.from([127, 0, 0, 1]);

function der(tag: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  const size = length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

const oid = (hex: string): Buffer => der(tags.oid, Buffer.from(hex, 'hex'));
const bits = (content: Buffer): Buffer => der(tags.bits, Buffer.from([0]), content);
// UTCTime: YYMMDDHHMMSSZ
const time = (moment: number): Buffer =>
  der(tags.time, Buffer.from(`${new Date(moment).toISOString().replace(/\D/g, '').slice(2, 14)}Z`));

const ecdsaWithSha256 = der(tags.sequence, oid('2a8648ce3d040302'));
const named = (commonName: string): Buffer =>
  der(tags.sequence, der(tags.set, der(tags.sequence, oid('550403'), der(tags.text, Buffer.from(commonName)))));
const alternativeNames = (host: string): Buffer =>
  der(
    0xa3,
    der(
      tags.sequence,
      der(
        tags.sequence,
        oid('551d11'),
        der(tags.octets, der(tags.sequence, der(0x82, Buffer.from(host)), der(0x87, loopback))),
      ),
    ),
  );

/** Valid for ten years from a day before `now` (epoch milliseconds), for the host's name and 127.0.0.1. */
export function selfSigned(host: string, now: number): Certificate {
  const day = 86_400_000;
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const serial = randomBytes(8);
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40;
  const toBeSigned = der(
    tags.sequence,
    der(0xa0, der(tags.integer, Buffer.from([2]))),
    der(tags.integer, serial),
    ecdsaWithSha256,
    named(host),
    der(tags.sequence, time(now - day), time(now + 3650 * day)),
    named(host),
    publicKey.export({ type: 'spki', format: 'der' }),
    alternativeNames(host),
  );
  const whole = der(tags.sequence, toBeSigned, ecdsaWithSha256, bits(sign('sha256', toBeSigned, privateKey)));
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${(whole.toString('base64').match(/.{1,64}/g) ?? []).join('\n')}\n-----END CERTIFICATE-----\n`,
    fingerprint: fingerprintOf(whole),
  };
}

/** Of a certificate in DER, as Proxmox writes it. */
export function fingerprintOf(certificate: Buffer): Fingerprint {
  const hex = createHash('sha256').update(certificate).digest('hex');
  const found = parseFingerprint((hex.match(/../g) ?? []).join(':'));
  if (found === undefined) throw new Error('a SHA-256 has 32 bytes');
  return found;
}
