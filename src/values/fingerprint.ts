// The SHA-256 of a certificate as Proxmox writes it: 32 hex pairs with colons. Case does not count when comparing.

declare const brand: unique symbol;
export type Fingerprint = string & { readonly [brand]: 'fingerprint' };

const form = /^(?:[0-9A-F]{2}:){31}[0-9A-F]{2}$/;

/** Upper case, as `proxmox-backup-manager cert info` prints it; undefined where the text is no such fingerprint. */
export function parseFingerprint(text: string): Fingerprint | undefined {
  const upper = text.toUpperCase();
  return form.test(upper) ? (upper as Fingerprint) : undefined;
}

/** What is wrong with a text that should be a fingerprint, or undefined. */
export function fingerprintProblem(text: string): string | undefined {
  if (parseFingerprint(text) !== undefined) return undefined;
  const pairs = text.split(':').length;
  return pairs === 32
    ? 'has something that is no hex digit in it'
    : `has ${pairs} part${pairs === 1 ? '' : 's'} between colons, a SHA-256 fingerprint has 32`;
}
