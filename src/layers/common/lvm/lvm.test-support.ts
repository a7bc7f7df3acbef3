// Answers of LVM as lvm2 2.03.16 writes them: rows of `lvs`, with what a test cares for set.
import type { Tags } from './tags.ts';
import { tagsOf } from './tags.ts';

export type Row = Readonly<Record<string, string>>;

/** Attributes by letter (lvs(8)): `V` thin, `w` writable, `i` inherited, `a` active, `t` thin target, `z` zeroed, `k` skip. */
const attributes = {
  live: 'Vwi-a-tz--',
  liveOpen: 'Vwi-aotz--',
  snapshot: 'Vwi---tz-k',
  pool: 'twi-aotz--',
} as const;

export const lvRow = (name: string, more: Row = {}): Row => ({
  lv_name: name,
  vg_name: 'pve',
  lv_uuid: `uuid-of-${name}`,
  lv_size: '104857600B',
  lv_attr: attributes.liveOpen,
  pool_lv: 'data',
  origin: '',
  origin_uuid: '',
  lv_tags: '',
  data_percent: '12.50',
  metadata_percent: '',
  lv_metadata_size: '',
  ...more,
});

export const poolRow = (data: string, metadata: string, more: Row = {}): Row =>
  lvRow('data', {
    ...{
      lv_size: '1073741824B',
      lv_attr: attributes.pool,
      pool_lv: '',
      data_percent: data,
      metadata_percent: metadata,
    },
    ...{ lv_metadata_size: '4194304B', ...more },
  });

export const snapshotRow = (name: string, origin: string, tags: Tags, more: Row = {}): Row =>
  lvRow(name, {
    ...{ lv_attr: attributes.snapshot, origin, origin_uuid: `uuid-of-${origin}`, data_percent: '' },
    ...{ lv_tags: tagsOf(tags).join(','), ...more },
  });

/** Indented as lvm2 does it. */
export const lvsAnswer = (...rows: readonly Row[]): string =>
  `  {\n      "report": [\n          {\n              "lv": [\n${rows
    .map((row) => `                  ${JSON.stringify(row)}`)
    .join(',\n')}\n              ]\n          }\n      ]\n  }\n`;
