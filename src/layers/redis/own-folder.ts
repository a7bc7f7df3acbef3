// Whether `data` is what the server keeps its data in: one that reads another folder starts on what it had, with as many keys.
import { join } from 'node:path';
import type { StepContext } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import type { Machine } from '../../machines/machine.ts';
import { shown } from '../../values/text.ts';
import { inPlace } from '../common/service/service.ts';
import { headBytes, headerOf } from './header.ts';
import type { RestoreGiven } from './restore-given.ts';

type Asked = Pick<StepContext, 'signal' | 'world'>;

/** @param notBefore what it has just saved is not older, by its own clock */
export async function checkSavedThere(
  { entry, names }: RestoreGiven,
  notBefore: number,
  { signal, world }: Asked,
): Promise<void> {
  const machine = world.machine(entry.machine);
  const path = join(inPlace(entry).data, names.dump);
  const found = await machine.files.info(path);
  if (found?.type !== 'file') throw notItsFolder(machine, path, 'the server has saved, and there is no such file');
  const madeAt = Number(headerOf(await headOf(machine, path, signal))?.facts['ctime'] ?? 0);
  if (madeAt < notBefore) throw notItsFolder(machine, path, 'the server has saved, and this file is older');
}

/** A server that keeps a log of commands has one from its first moment. */
export async function checkLogThere({ entry, names, reads }: RestoreGiven, { world }: Asked): Promise<void> {
  const machine = world.machine(entry.machine);
  const path = join(inPlace(entry).data, reads === 'logs' ? names.logs : names.log);
  if ((await machine.files.info(path)) === undefined)
    throw notItsFolder(machine, path, 'the server keeps a log of commands, and it is not there');
}

async function headOf({ files }: Machine, path: string, signal: AbortSignal): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of files.source(path, { signal })) {
    pieces.push(Buffer.from(piece.subarray(0, headBytes)));
    bytes += piece.length;
    if (bytes >= headBytes) break;
  }
  return Buffer.concat(pieces);
}

const notItsFolder = ({ name }: Machine, path: string, says: string): Fault =>
  new Fault('data-not-found', {
    where: `${name}: ${shown(path)}`,
    says,
    remedy:
      'give `data` as the folder that the server has (CONFIG GET dir), as it is on that machine, and its login +config|get where files have other names; nothing was replaced',
  });
