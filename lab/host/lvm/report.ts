// What `lvs` says of a volume, field by field, and which volumes a selection fits (lvmreport(7)).
import type { Group, Pool, Volume } from './group.ts';
import { Failed } from './words.ts';

export type Row = Readonly<Record<string, string>>;

const percent = (part: number, whole: number): string => ((100 * part) / whole).toFixed(2);
const flag = (on: boolean, letter: string): string => (on ? letter : '-');

export function rowOf(group: Group, volume: Volume): Row {
  const origin = group.volumes.find(({ uuid }) => uuid === volume.originUuid);
  const { active, writable, skips } = volume;
  return {
    ...{ lv_name: volume.name, vg_name: group.name, lv_uuid: volume.uuid, lv_size: `${volume.bytes}B` },
    lv_attr: `V${writable ? 'w' : 'r'}i-${flag(active, 'a')}${flag(group.isOpen(volume), 'o')}tz-${flag(skips, 'k')}`,
    ...{ pool_lv: group.pool.name, origin: origin?.name ?? '', origin_uuid: origin?.uuid ?? '' },
    lv_tags: [...volume.tags].sort().join(','),
    data_percent: active ? percent(group.bytesIn(volume), volume.bytes) : '',
    ...{ metadata_percent: '', lv_metadata_size: '', lv_health_status: '' },
    ...{ lv_active: active ? 'active' : '', lv_skip_activation: skips ? '1' : '0' },
    autoactivation: volume.autoactivates ? 'enabled' : '',
  };
}

export function poolRowOf(group: Group): Row {
  const { name, uuid, chunks, metadata }: Pool = group.pool;
  return {
    ...{ lv_name: name, vg_name: group.name, lv_uuid: uuid, lv_size: `${chunks * 64 * 1024}B`, lv_attr: 'twi-aotz--' },
    ...{ pool_lv: '', origin: '', origin_uuid: '', lv_tags: '' },
    data_percent: percent(group.dataUsed(), chunks),
    metadata_percent: percent(group.metadataUsed(), metadata),
    lv_metadata_size: `${metadata * 4096}B`,
    ...{ lv_health_status: '', lv_active: 'active', lv_skip_activation: '0', autoactivation: 'enabled' },
  };
}

/** Terms with `&&` between them, each `FIELD=VALUE`; `lv_tags=[...]` fits where the tags are exactly those. */
export function fits(row: Row, selection: string | undefined): boolean {
  if (selection === undefined) return true;
  const tags = /lv_tags=\[(.*?)\]/.exec(selection);
  if (tags !== null) {
    const wanted = (tags[1] ?? '').split(' && ').map(unquoted);
    if (wanted.sort().join(',') !== row['lv_tags']) return false;
  }
  const terms = selection.replace(/(?: && )?lv_tags=\[.*?\]/, '').replace(/^ && /, '');
  return terms.split(' && ').every((term) => term === '' || fitsTerm(row, term));
}

function fitsTerm(row: Row, term: string): boolean {
  const [, field = '', how, value = ''] = /^(\w+)(=~|=)(.*)$/.exec(term) ?? [];
  const found = row[field];
  if (how === undefined || found === undefined) throw new Failed(5, `Selection syntax error at '${term}'.`);
  const wanted = unquoted(value);
  if (how === '=~') return new RegExp(wanted).test(found);
  return found === (field === 'lv_size' ? wanted.replace(/b$/, 'B') : wanted);
}

const unquoted = (text: string): string => text.replace(/^["']|["']$/g, '');

/** For people: as wide as what stands in it. */
export function tableOf(rows: readonly Row[], fields: readonly string[], headings: boolean): string {
  const head = fields.map((field) => field.replace(/^lv_|_lv$|_name$/g, '').replace('_percent', '%'));
  const lines = [...(headings ? [head] : []), ...rows.map((row) => fields.map((field) => row[field] ?? ''))];
  const widths = fields.map((_, at) => Math.max(...lines.map((line) => line[at]?.length ?? 0)));
  return lines
    .map((line) => `  ${line.map((text, at) => text.padEnd(widths[at] ?? 0)).join(' ')}`.trimEnd())
    .map((line) => `${line}\n`)
    .join('');
}
