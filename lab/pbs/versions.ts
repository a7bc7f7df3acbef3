// What an older PBS does not know: whole paths, and parameters of paths that it has. A floor is a `major.minor`.
import type { Schemas } from '../contract/contract.ts';
import { isAtLeast } from '../version.ts';
import floors from './versions.json' with { type: 'json' };

type Floors = Readonly<Record<string, string>>;
const parameters: Readonly<Record<string, Floors>> = floors.parameters;

/** @param name of a method in the contract, `GET /config/s3/{id}` */
export const knowsPath = (version: string, name: string): boolean =>
  within(floors.paths, name).every(([, floor]) => isAtLeast(version, floor));

/** The parameters without those that came later. */
export function knownParameters(version: string, name: string, schemas: Schemas): Schemas {
  const later = within(parameters, name).flatMap(([, names]) =>
    Object.entries(names).flatMap(([parameter, floor]) => (isAtLeast(version, floor) ? [] : [parameter])),
  );
  return Object.fromEntries(Object.entries(schemas).filter(([parameter]) => !later.includes(parameter)));
}

function within<Value>(table: Readonly<Record<string, Value>>, name: string): readonly (readonly [string, Value])[] {
  const path = name.slice(name.indexOf('/'));
  return Object.entries(table).filter(([top]) => path === top || path.startsWith(`${top}/`));
}
