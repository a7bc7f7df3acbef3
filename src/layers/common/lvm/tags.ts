// What is known of a snapshot stands in LVM tags on it: `hf.KEY=VALUE`. It is there as long as the snapshot is, moves with the
// disk, and needs no file of ours. A value is text from anywhere; a tag holds few characters (lvm(8): `A-Za-z0-9_+.-/=!:&#`).

export const tagKeys = {
  point: 'hf.point',
  layer: 'hf.layer',
  run: 'hf.run',
  workload: 'hf.workload',
  taken: 'hf.taken',
  origin: 'hf.origin',
  originUuid: 'hf.origin-uuid',
  line: 'hf.line',
  volume: 'hf.volume',
  claim: 'hf.claim',
  storageClass: 'hf.storage-class',
  group: 'hf.group',
  /** between the volumes of one group, in milliseconds */
  skew: 'hf.skew',
  sinceBoot: 'hf.since-boot',
  /** whether those are of one moment: `one-moment`, `in-a-row`, or that and why */
  together: 'hf.together',
  policy: 'hf.policy',
  held: 'hf.held',
  sealed: 'hf.sealed',
} as const;
export type TagKey = keyof typeof tagKeys;
export type Tags = Readonly<Partial<Record<TagKey, string>>>;

/** lvm2 refuses a tag of more (lib/metadata/metadata-exported.h, NAME_LEN does not count for tags: 1024). */
export const longestTag = 1024;

const plain = /[A-Za-z0-9_.:/-]/;
/** Stands where a value was too long for a tag; it is read back as `…`. */
const cutMark = '+..';

const encodedByte = (byte: number): string => {
  const character = String.fromCharCode(byte);
  return byte < 0x80 && plain.test(character) ? character : `+${byte.toString(16).padStart(2, '0')}`;
};

export function tagOf(key: TagKey, value: string): string {
  const head = `${tagKeys[key]}=`;
  let text = head;
  for (const character of value) {
    const piece = [...Buffer.from(character)].map(encodedByte).join('');
    if (text.length + piece.length > longestTag - cutMark.length) return text + cutMark;
    text += piece;
  }
  return text;
}

/** In the order of the keys; a tag that is not wanted is left out. */
export const tagsOf = (tags: Tags): readonly string[] =>
  (Object.keys(tagKeys) as TagKey[]).flatMap((key) => {
    const value = tags[key];
    return value === undefined ? [] : [tagOf(key, value)];
  });

/** Undefined where the text is none of ours. */
export function decodeValue(text: string): string | undefined {
  const whole = text.endsWith(cutMark) ? text.slice(0, -cutMark.length) : text;
  if (!/^(?:[A-Za-z0-9_.:/-]|\+[0-9a-f]{2})*$/.test(whole)) return undefined;
  const bytes = whole.replace(/\+([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString() + (whole === text ? '' : '…');
}

export type ReadTags = Readonly<{
  tags: Tags;
  /** why they cannot be taken at their word; foreign tags beside ours are no problem */
  problem: string | undefined;
}>;

export function readTags(found: readonly string[]): ReadTags {
  const tags: Partial<Record<TagKey, string>> = {};
  for (const key of Object.keys(tagKeys) as TagKey[]) {
    const head = `${tagKeys[key]}=`;
    const [first, ...others] = found.filter((tag) => tag.startsWith(head));
    if (first === undefined) continue;
    if (others.length > 0) return { tags, problem: `it has ${tagKeys[key]} more than once` };
    const value = decodeValue(first.slice(head.length));
    if (value === undefined) return { tags, problem: `its ${tagKeys[key]} was not written by Holdfast` };
    tags[key] = value;
  }
  return { tags, problem: undefined };
}
