// An estate as a file: the way to its servers, and what was found on them, in an order and a form that are always the same.
import { dirname, isAbsolute, relative } from 'node:path';
import { Document, isCollection, isMap, isScalar, isSeq, type Node, type Pair } from 'yaml';
import type { Estate, PbsServer, PveServer } from '../model/estate.ts';
import type { Json } from '../values/canonical.ts';
import type { Duration } from '../values/duration.ts';
import { isSecretReference } from '../values/secret-reference.ts';
import { formatTimeSpan } from '../values/time-span.ts';

type Mapping = Readonly<Record<string, unknown>>;

/** What kinds wrote, by where it stands. */
export type Sections = Readonly<{
  top: Readonly<Record<string, Json>>;
  /** by server */
  pbs: ReadonlyMap<string, Readonly<Record<string, Json>>>;
  /** by server, then by datastore */
  datastores: ReadonlyMap<string, ReadonlyMap<string, Readonly<Record<string, Json>>>>;
}>;

/** @param file absolute: secrets in files are named from where it lies */
export function estateText(estate: Estate, sections: Sections, file: string, remarks: readonly string[]): string {
  const { name, time_zone, approval_expires, places, pve, pbs, machines, ...rest } = estate;
  const { tiers, workloads, layers, schedules, exclusions, channels } = rest;
  const whole: Mapping = {
    ...(name.startsWith('unnamed-') ? {} : { estate: name }),
    ...{ time_zone, approval_expires: spanText(approval_expires), places },
    pve: pve.map((server) => connection(server)),
    pbs: pbs.map((server) => ({
      ...connection(server),
      ...(server.runs_on === undefined ? {} : { runs_on: server.runs_on }),
      datastores: datastoresOf(server, sections),
      ...sections.pbs.get(server.name),
    })),
    ...sections.top,
    ...{ machines, tiers, workloads, layers, schedules, exclusions, channels },
    escrow: estate.sections['escrow'],
  };
  const document = new Document(withoutNothing(fromFolder(whole, dirname(file))), { aliasDuplicateObjects: false });
  document.commentBefore = remarks.map((line) => ` ${line}`).join('\n');
  layOut(document.contents, 0);
  return document.toString({ lineWidth: 120, flowCollectionPadding: true });
}

/** Whole seconds as people write them; what is shorter would not be read back. */
const spanText = (span: Duration): string => (span % 1000 === 0 ? formatTimeSpan(span) : `${Math.ceil(span)}ms`);

function connection(server: PveServer | PbsServer): Mapping {
  const { name, url, fingerprint, trust, token, login, identities } = server;
  return { name, url, fingerprint, trust, token, login, identities };
}

function datastoresOf(server: PbsServer, { datastores }: Sections): readonly Mapping[] {
  const written = datastores.get(server.name) ?? new Map<string, Readonly<Record<string, Json>>>();
  const known = new Map(server.datastores.map((one) => [one.name, one]));
  return [...new Set([...known.keys(), ...written.keys()])].sort().map((name) => {
    const stored_on = known.get(name)?.stored_on;
    return { name, ...(stored_on === undefined ? {} : { stored_on }), ...written.get(name) };
  });
}

/** Secret files as the file itself names them: a folder that is moved as a whole keeps its secrets. */
function fromFolder(value: unknown, folder: string): unknown {
  if (Array.isArray(value)) return value.map((one) => fromFolder(one, folder));
  if (typeof value !== 'object' || value === null) return value;
  if (isSecretReference(value) && 'file' in value && isAbsolute(value.file)) {
    const near = relative(folder, value.file);
    return { file: near.startsWith('../../..') ? value.file : near };
  }
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, fromFolder(one, folder)]));
}

function withoutNothing(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNothing);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, one]) => one !== undefined && one !== null && !(Array.isArray(one) && one.length === 0))
      .map(([key, one]) => [key, withoutNothing(one)]),
  );
}

const mostInARow = 100;

/** Short things on one line, sections apart: as people write it. */
function layOut(node: Node | null, depth: number): void {
  if (!isCollection(node)) return;
  if (depth > 1 && isShort(node)) {
    node.flow = true;
    return;
  }
  for (const [index, item] of node.items.entries()) {
    const inner = isMap(node) ? (item as Pair<Node, Node | null>).value : (item as Node);
    if (depth === 0 && index > 0 && isCollection(inner)) (item as Pair<Node>).key.spaceBefore = true;
    layOut(inner, depth + 1);
  }
}

function isShort(node: Node): boolean {
  if (isScalar(node)) return true;
  const flat = isSeq(node)
    ? node.items.every((item) => isScalar(item))
    : isMap(node) && node.items.every(({ value }) => isScalar(value) || (isMap(value) && isShort(value)));
  return flat && String(JSON.stringify(node)).length <= mostInARow;
}
