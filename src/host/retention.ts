// `prune-backups` as PVE reads it: nothing but zeros (or `keep-all`) keeps everything (facts: pve-api section 3).
// `maxfiles N` is its older spelling, still in the files of hosts that were upgraded.
import type { Retention } from '../model/host.ts';
import { parsePropertyString } from '../proxmox/property-string.ts';

export function retentionIn(values: ReadonlyMap<string, string>): Retention | undefined {
  const text = values.get('prune-backups');
  const files = values.get('maxfiles');
  if (text === undefined)
    return files === undefined ? undefined : { text: `maxfiles=${files}`, keepsAll: files === '0' };
  const keeps = [...parsePropertyString(text)];
  return { text, keepsAll: !keeps.some(([key, value]) => key !== 'keep-all' && Number(value) !== 0) };
}
