// The name of a subject: `pve-storage/ruapehu/pbs-pihanga`. It is what plans, the journal, findings and approvals speak of.
// A part may be any text: what could be mistaken for the separator, or would not print, is percent-encoded.

declare const brand: unique symbol;
export type Ref = string & { readonly [brand]: 'ref' };

// Nearly every part is plain, and a plan asks for tens of thousands of them.
const plain = /^[A-Za-z0-9@._!:+=-]*$/;
const encode = (part: string): string =>
  plain.test(part)
    ? part
    : part.replace(/[^A-Za-z0-9@._!:+=-]/gu, (character) => encodeURIComponent(character).replaceAll("'", '%27'));

export const ref = (kind: string, ...parts: readonly string[]): Ref => [kind, ...parts.map(encode)].join('/') as Ref;
export const kindOf = (subject: Ref): string => subject.slice(0, subject.indexOf('/'));
/** As people read it, nothing encoded; it may be ambiguous, and names nothing. */
export const plainRef = (subject: Ref): string => [kindOf(subject), ...partsOf(subject)].join('/');
/** The parts behind the kind, decoded. */
export function partsOf(subject: Ref): readonly string[] {
  const parts = subject.split('/').slice(1);
  return subject.includes('%') ? parts.map(decodeURIComponent) : parts;
}
