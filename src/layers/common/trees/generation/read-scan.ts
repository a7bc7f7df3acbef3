// The listing of a generation, read from its records.
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { Fault } from '../../../../fault.ts';
import { shown } from '../../../../values/text.ts';
import { split } from '../../records.ts';
import { type Listed, listedIn, pathEnd } from '../listed.ts';
import { type AtHand, provenPart } from '../parts.ts';
import { generationParts, hasPart } from './parts.ts';

const slash = 0x2f;

/** @throws Fault `point-damaged` behind the last record, where a part is not what was sealed */
export async function* readScan(point: AtHand, signal: AbortSignal): AsyncGenerator<Listed> {
  const links = await linksOf(point, signal);
  const attributes = recordsIn(point, generationParts.attributes, signal);
  try {
    let next = await attributes.next();
    for await (const record of recordsIn(point, generationParts.scan, signal)) {
      const entry = parsed(point, record, links);
      if (next.value !== undefined && keyOf(next.value).equals(keyOf(record))) {
        yield { ...entry, attributes: attributesIn(next.value) };
        next = await attributes.next();
      } else yield entry;
    }
    if (next.value !== undefined) throw damaged(point, next.value);
  } finally {
    await attributes.return(undefined);
  }
}

async function* recordsIn(point: AtHand, part: string, signal: AbortSignal): AsyncGenerator<Buffer, undefined> {
  const packed = Readable.from(provenPart(point, part, signal), { objectMode: false });
  const plain = createGunzip();
  packed.on('error', (error) => plain.destroy(error));
  yield* split(packed.pipe(plain), 0);
  return undefined;
}

const keyOf = (record: Buffer): Buffer => record.subarray(0, record.indexOf(pathEnd) + pathEnd.length);

async function linksOf(point: AtHand, signal: AbortSignal): Promise<ReadonlyMap<string, number>> {
  const links = new Map<string, number>();
  if (!hasPart(point.manifest, generationParts.links)) return links;
  for await (const record of recordsIn(point, generationParts.links, signal)) {
    const [inode = '', here] = record.toString('latin1').split('//');
    links.set(inode, Number(here));
  }
  return links;
}

/** What stands behind the last slash never holds one; what a link points to, before it, may hold anything but a NUL. */
function parsed(point: AtHand, record: Buffer, here: ReadonlyMap<string, number>): Listed {
  const end = record.indexOf(pathEnd);
  const last = record.lastIndexOf(slash) - 1;
  if (end === -1 || last <= end) throw damaged(point, record);
  const [, links, inode = ''] = record
    .subarray(last + pathEnd.length)
    .toString('latin1')
    .split(' ');
  const entry = listedIn(record.subarray(0, end), record.subarray(end + pathEnd.length, last), {
    links: here.get(inode) ?? Number(links),
    file: inode,
  });
  if (entry === undefined) throw damaged(point, record);
  return entry;
}

function attributesIn(record: Buffer): Readonly<Record<string, string>> {
  const lines = record.subarray(keyOf(record).length).toString('latin1').split('\n');
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
}

const damaged = ({ folder }: AtHand, record: Buffer): Fault =>
  new Fault('point-damaged', {
    where: shown(folder),
    says: `a record of its listing is none that was written there: ${shown(record.toString().slice(0, 80))}`,
    remedy: 'restore another point; hold or keep this one until it is known what damaged it',
  });
