// How what stands below a PBS is declared in the proof, and looked up in the lab's state.
import type { PbsState, Section } from '../../lab/pbs/state.ts';
import type { Held } from './kind.ts';
import { pbsText, type World } from './world.ts';

const server = 'pbs-pihanga';
export type Of = (state: PbsState) => Held | undefined;

/** A key of `pbs[]` that holds a list, and what stands around it. */
export const listed =
  (world: World, key: string, around = '') =>
  (entry: string | undefined): string =>
    `pbs:\n${pbsText(world, server, `${around}${key}: [${entry === undefined ? '' : `{ ${entry} }`}]`)}`;
/** Something of the datastore that everybody writes to. */
export const inStore =
  (world: World) =>
  (entry: string | undefined): string =>
    `pbs:\n${pbsText(world, server, `datastores: [{ name: pbs-datastore${entry === undefined ? '' : `, ${entry}`} }]`)}`;

export const section =
  (of: (state: PbsState) => readonly Section[], id: string): Of =>
  (state) =>
    of(state).find((one) => one.id === id)?.options;
export const heldBy = (of: Of) => async (world: World) => of(await world.pbs(server));
export const by = (kind: string, name: string, set: object) => ({ server, kind, name, set });
