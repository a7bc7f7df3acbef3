// The published API descriptions of what the lab serves (pve.json, pbs.json), and the way from a request to its method.
import pbs from './pbs.json' with { type: 'json' };
import pve from './pve.json' with { type: 'json' };

export type Schema = Readonly<{
  type?: string;
  optional?: boolean;
  default?: unknown;
  default_key?: boolean;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  format?: string | Schema;
  enum?: readonly string[];
  requires?: string;
  items?: Schema;
  properties?: Schemas;
  additionalProperties?: boolean | Schema;
  /** keys that cannot stand beside others; in `formats` only */
  exclusive?: readonly string[];
}>;
export type Schemas = Readonly<Record<string, Schema>>;

export type PvePermission = Readonly<{ check?: readonly unknown[]; user?: string; prose?: boolean }>;
export type PbsPermission = Readonly<{
  check?: Readonly<{ path: readonly string[]; privs: readonly string[]; partial: boolean }>;
  or?: readonly PbsPermission[];
  user?: string;
  userParam?: string;
  prose?: boolean;
}>;

export type Method<Permission> = Readonly<{
  parameters: Schemas;
  returns: Schema;
  permissions: Permission | null;
  proxyto?: string;
}>;
export type Contract<Permission> = Readonly<{
  formats: Schemas;
  paths: Readonly<Record<string, Readonly<Record<string, Method<Permission>>>>>;
}>;

// The type that is read off the JSON is a union of every single entry: nothing can be looked up in that.
export const pveContract = pve as unknown as Contract<PvePermission>;
export const pbsContract = pbs as unknown as Contract<PbsPermission>;

export type Found<Permission> = Readonly<{
  /** `GET /storage/{storage}` */
  name: string;
  method: Method<Permission>;
  inPath: Readonly<Record<string, string>>;
}>;

/** The method behind a request, or undefined. A word counts before a parameter in the same place. */
export function find<Permission>(
  contract: Contract<Permission>,
  verb: string,
  path: string,
): Found<Permission> | undefined {
  const parts = partsOf(path);
  const fitting = Object.entries(contract.paths)
    .map(([pattern, methods]) => ({ pattern, methods, inPath: match(pattern.split('/').slice(1), parts) }))
    .filter(({ inPath }) => inPath !== undefined)
    .sort((one, other) => Object.keys(one.inPath ?? {}).length - Object.keys(other.inPath ?? {}).length);
  for (const { pattern, methods, inPath } of fitting) {
    const method = methods[verb];
    if (method !== undefined && inPath !== undefined) return { name: `${verb} ${pattern}`, method, inPath };
  }
  return undefined;
}

function partsOf(path: string): readonly string[] {
  try {
    return path.split('/').slice(1).map(decodeURIComponent);
  } catch {
    return [];
  }
}

function match(pattern: readonly string[], parts: readonly string[]): Record<string, string> | undefined {
  if (pattern.length !== parts.length) return undefined;
  const found: Record<string, string> = {};
  for (const [index, wanted] of pattern.entries()) {
    const part = parts[index] ?? '';
    const name = /^\{(.+)\}$/.exec(wanted)?.[1];
    if (name === undefined ? part !== wanted : part === '') return undefined;
    if (name !== undefined) found[name] = part;
  }
  return found;
}
