// Fields that travel in base64 (facts: pbs-api section 8, webhooks), in plain text in the estate.
import { type Row, text } from '../../proxmox/decode.ts';
import { parsePropertyString } from '../../proxmox/property-string.ts';
import type { Json } from '../../values/canonical.ts';
import type { Field } from './field.ts';

export const encode = (plain: string): string => Buffer.from(plain, 'utf8').toString('base64');
const decode = (encoded: string): string => Buffer.from(encoded, 'base64').toString('utf8');

export const encodedText = (param: string): Field => ({
  params: [param],
  standard: '',
  from: (row) => decode(text(row[param]) ?? ''),
  to: (value) => (value === '' ? {} : { [param]: encode(String(value)) }),
});

type Named = Readonly<{ name: string; value: string | undefined }>;

/** `name=K,value=BASE64`, one after the other */
export const namedParts = (row: Row, param: string): readonly Named[] =>
  (Array.isArray(row[param]) ? row[param] : []).map((one: unknown) => {
    const parts = parsePropertyString(String(one));
    return { name: parts.get('name') ?? '', value: parts.get('value') };
  });

/** A mapping from names to texts. */
export const encodedMapping = (param: string): Field => ({
  params: [param],
  standard: {},
  from: (row) => Object.fromEntries(namedParts(row, param).map(({ name, value = '' }) => [name, decode(value)])),
  to: (value) => {
    const entries = Object.entries(value as Readonly<Record<string, Json>>);
    if (entries.length === 0) return {};
    return { [param]: entries.map(([name, plain]) => `name=${name},value=${encode(String(plain))}`) };
  },
});
