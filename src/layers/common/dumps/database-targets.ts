// Where one database of a point, or all of them, may be brought back: the same words for every kind of server that has several.
import type { RestoreTarget } from '../../../contracts/layer.ts';
import type { RestorePoint } from '../../../model/restore-point.ts';
import { takenIn } from './taken.ts';

export const beside = 'database/';

/** @param form of the dumps that are databases */
export const databaseTargets =
  (form: string) =>
  (_: unknown, { manifest }: RestorePoint): readonly RestoreTarget[] => {
    const names = takenIn(manifest).filter((one) => one.form === form);
    const one = names.length === 1 ? '' : ', with --only DATABASE';
    return [
      { to: 'live', says: `in place of what is there now: all databases of the point, or one${one}` },
      { to: `${beside}NAME`, says: `one database beside the live one, under a new name${one}` },
      { to: '/FOLDER', says: 'the dumps as files, into a folder that is empty or not there yet' },
    ];
  };
