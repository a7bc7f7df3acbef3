// The format of storage.cfg, jobs.cfg, datastore.cfg and prune.cfg: `type: id`, then indented `key value` lines, up to an empty
// line. A key without a value is a switch that is on. Lines that fit none of this are given back, so that they can be said.
export type Section = Readonly<{ type: string; id: string; values: ReadonlyMap<string, string> }>;
export type Sections = Readonly<{ sections: readonly Section[]; oddLines: readonly number[] }>;

// Ids go into the commands that remedies print: what Proxmox itself would not have accepted is an odd line.
const header = /^([A-Za-z][\w-]*):\s*([A-Za-z0-9_][A-Za-z0-9_.:-]*)\s*$/;
const property = /^\s+([A-Za-z][\w-]*)(?:\s+(.*\S))?\s*$/;

export function parseSections(text: string): Sections {
  const sections: (Section & { values: Map<string, string> })[] = [];
  const oddLines: number[] = [];
  let current: Map<string, string> | 'skipped' | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    if (/^\s*#/.test(line)) continue;
    if (line.trim() === '') {
      current = undefined;
      continue;
    }
    const [, type, id] = header.exec(line) ?? [];
    const [, key, value] = property.exec(line) ?? [];
    if (type !== undefined && id !== undefined) {
      current = new Map();
      sections.push({ type, id, values: current });
    } else if (key !== undefined && current instanceof Map && !current.has(key)) {
      current.set(key, value ?? '1');
    } else if (current !== 'skipped' || !/^\s/.test(line)) {
      oddLines.push(index + 1);
      if (!/^\s/.test(line)) current = 'skipped';
    }
  }
  return { sections, oddLines };
}
