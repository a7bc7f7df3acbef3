// What `lvs` answers with `--reportformat json --units b`: everything is text, an empty one where LVM has nothing to
// say, and a version that does not know a field leaves it out or refuses it, so few are asked for.
import * as z from 'zod';
import { Fault } from '../../../fault.ts';
import { cut, shown } from '../../../values/text.ts';

export const volumeFields = [
  'lv_name',
  'vg_name',
  'lv_uuid',
  'lv_size',
  'lv_attr',
  'pool_lv',
  'origin',
  'origin_uuid',
  'lv_tags',
  'data_percent',
  'metadata_percent',
  'lv_metadata_size',
] as const;

export type Volume = Readonly<{
  vg: string;
  name: string;
  uuid: string;
  bytes: number;
  /** a thin volume (a snapshot is one, too), a thin pool, or anything else LVM has */
  type: 'thin' | 'pool' | 'other';
  pool: string | undefined;
  /** by its name now; gone when it was removed */
  origin: string | undefined;
  originUuid: string | undefined;
  tags: readonly string[];
  /** of a volume that is active; of a pool, of what it holds */
  dataPercent: number | undefined;
  metadataPercent: number | undefined;
  metadataBytes: number | undefined;
  active: boolean;
  open: boolean;
  suspended: boolean;
  writable: boolean;
  /** is activated only by who asks for it by name and says so (`lvchange -K`) */
  skipsActivation: boolean;
  /** a word where LVM says that something is wrong with it */
  health: string | undefined;
}>;

const row = z.record(z.string(), z.string());
const answer = z.object({ report: z.array(z.object({ lv: z.array(row).optional() })) });
type Row = z.infer<typeof row>;

/** @throws Fault `lvm-answer` where it is not what lvm2 writes */
export function readVolumes(text: string, where: string): readonly Volume[] {
  return rows(text, where).map((one) => volumeOf(one, where));
}

function rows(text: string, where: string): readonly Row[] {
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch (cause) {
    throw notLvm(where, `it is no JSON: ${cut(shown(text.trim()), 200)}`, cause);
  }
  const parsed = answer.safeParse(found);
  if (!parsed.success) throw notLvm(where, 'its JSON is not a report of LVM', parsed.error);
  return parsed.data.report.flatMap((report) => report.lv ?? []);
}

function volumeOf(one: Row, where: string): Volume {
  const attributes = wanted(one, 'lv_attr', where);
  const metadata = textIn(one, 'lv_metadata_size');
  return {
    vg: wanted(one, 'vg_name', where),
    name: wanted(one, 'lv_name', where),
    uuid: wanted(one, 'lv_uuid', where),
    bytes: bytesIn(wanted(one, 'lv_size', where), where),
    type: typeOf(attributes),
    pool: textIn(one, 'pool_lv'),
    origin: textIn(one, 'origin'),
    originUuid: textIn(one, 'origin_uuid'),
    tags: (one['lv_tags'] ?? '').split(',').filter((tag) => tag !== ''),
    dataPercent: percentIn(one, 'data_percent'),
    metadataPercent: percentIn(one, 'metadata_percent'),
    metadataBytes: metadata === undefined ? undefined : bytesIn(metadata, where),
    ...stateOf(attributes),
  };
}

/** lvs(8): the first of the ten attributes is the type, the last tells whether activation is skipped. */
function typeOf(attributes: string): Volume['type'] {
  if (attributes.startsWith('V')) return 'thin';
  return attributes.startsWith('t') ? 'pool' : 'other';
}

const healths: Readonly<Record<string, string>> = {
  p: 'a disk of it is missing',
  r: 'it needs a refresh',
  X: 'its state is unknown',
  F: 'it has failed',
  D: 'it is out of data space',
  M: 'its metadata can only be read',
};

const needsCheck = 'the kernel asks for a check of it (thin_check)';

const stateOf = (attributes: string) => ({
  writable: attributes[1] === 'w',
  active: !'-h'.includes(attributes[4] ?? '-'),
  suspended: 'sSMC'.includes(attributes[4] ?? '-'),
  open: attributes[5] === 'o',
  health: 'cC'.includes(attributes[4] ?? '-') ? needsCheck : healths[attributes[8] ?? '-'],
  skipsActivation: attributes[9] === 'k',
});

const textIn = (one: Row, field: string): string | undefined => one[field] || undefined;

function percentIn(one: Row, field: string): number | undefined {
  const text = textIn(one, field);
  // A locale with a decimal comma is none that we ask for, and LVM takes it from the machine's configuration nevertheless.
  const value = text === undefined ? Number.NaN : Number(text.replace(',', '.'));
  return Number.isFinite(value) && value >= 0 ? value : undefined;
}

function wanted(one: Row, field: string, where: string): string {
  const text = one[field];
  if (text === undefined || text === '') throw notLvm(where, `a row of it has no ${field}`);
  return text;
}

function bytesIn(text: string, where: string): number {
  const value = /^(\d+)B?$/.exec(text)?.[1];
  if (value === undefined) throw notLvm(where, `${shown(text)} is no number of bytes`);
  return Number(value);
}

const notLvm = (where: string, says: string, cause?: unknown): Fault =>
  new Fault('lvm-answer', {
    where,
    says: `the answer of LVM cannot be read: ${says}`,
    remedy: 'run `lvs --reportformat json --units b` there and see what it says; Holdfast knows lvm2 2.03',
    cause,
  });
