// A record of the change journal as a line: its checksum, a blank, its JSON. What is no UTF-8 stands in base64 beside its name.
import { isUtf8 } from 'node:buffer';
import { crc32 } from 'node:zlib';
import type { ChangeRecord, Path } from './change-journal.ts';

export const bytesOf = (path: Path): Buffer => Buffer.from(path, 'latin1');
export const pathOfBytes = (bytes: Uint8Array): Path => Buffer.from(bytes).toString('latin1');
/** For a person, and for ports that know no other names than UTF-8; undefined where it is none. */
export function textOf(path: Path): string | undefined {
  const bytes = bytesOf(path);
  return isUtf8(bytes) ? bytes.toString() : undefined;
}

type Line = Readonly<Record<string, unknown>>;

function writtenPath(key: string, path: Path): Readonly<Record<string, string>> {
  const text = textOf(path);
  return text === undefined ? { [`${key}_base64`]: bytesOf(path).toString('base64') } : { [key]: text };
}

function readPath(key: string, line: Line): Path | undefined {
  const [text, encoded] = [line[key], line[`${key}_base64`]];
  if (typeof text === 'string') return pathOfBytes(Buffer.from(text));
  return typeof encoded === 'string' ? pathOfBytes(Buffer.from(encoded, 'base64')) : undefined;
}

const sumOf = (json: string): string => crc32(json).toString(16).padStart(8, '0');

export function lineOf(record: ChangeRecord): string {
  const { n, at, ...change } = record;
  const paths = {
    ...('path' in change ? writtenPath('path', change.path) : {}),
    ...('to' in change ? writtenPath('to', change.to) : {}),
  };
  const { path: _path, to: _to, ...rest } = { path: '', to: '', ...change };
  const json = JSON.stringify({ n, at, ...rest, ...paths });
  return `${sumOf(json)} ${json}\n`;
}

/** @returns undefined for a line that is not whole, as a kill or a bad disk leaves it */
export function recordOf(line: Uint8Array): ChangeRecord | undefined {
  const text = Buffer.from(line).toString();
  const json = text.slice(9);
  if (text[8] !== ' ' || text.slice(0, 8) !== sumOf(json)) return undefined;
  const read = JSON.parse(json) as Line;
  const [path, to] = [readPath('path', read), readPath('to', read)];
  const { path_base64: _path, to_base64: _to, ...rest } = read;
  return {
    ...rest,
    ...(path === undefined ? {} : { path }),
    ...(to === undefined ? {} : { to }),
  } as unknown as ChangeRecord;
}
