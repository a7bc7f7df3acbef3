// What a host has of users, tokens, roles and rights, asked of its own tools.
import { Fault } from '../fault.ts';
import type { Argv, Ended, Machine, RunOptions } from '../machines/machine.ts';
import { listing, rightIn, roleIn, tokenIn, userIn } from './commands.ts';
import { identitiesOf, type Missing, type Present, type Product } from './wanted.ts';

type Row = Readonly<Record<string, unknown>>;

/** The host's own tools, each by the path where it was found. */
export type HostTools = Readonly<Record<string, string>>;

export const runTool = (
  machine: Machine,
  tools: HostTools,
  [program, ...rest]: Argv,
  options?: RunOptions,
): Promise<Ended> => machine.run([tools[program] ?? program, ...rest], options);

const everything = ['role', 'user', 'token', 'right'] as const;

/** @param looked what is asked for; the rest is left empty */
export async function presentOn(
  machine: Machine,
  tools: HostTools,
  product: Product,
  saved: readonly string[],
  looked: readonly Missing['what'][] = everything,
): Promise<Present> {
  const ask = (...words: readonly string[]) => rowsOf(machine, tools, listing(product, ...words));
  const users = looked.includes('user') || looked.includes('token') ? (await ask('user', 'list')).map(userIn) : [];
  const ours = Object.values(identitiesOf(product))
    .map(({ user }) => user)
    .filter((user) => looked.includes('token') && users.includes(user));
  const words = product === 'pve' ? ['user', 'token', 'list'] : ['user', 'list-tokens'];
  const tokens = await Promise.all(
    ours.map(async (user) => (await ask(...words, user)).map((row) => tokenIn(user, row))),
  );
  const hasRoles = product === 'pve' && looked.includes('role');
  return {
    roles: hasRoles ? Object.fromEntries((await ask('role', 'list')).map(roleIn)) : {},
    users,
    tokens: tokens.flat(),
    rights: looked.includes('right') ? (await ask('acl', 'list')).map(rightIn) : [],
    places: looked.includes('right') ? await placesOn(machine, tools, product) : [],
    saved,
  };
}

async function placesOn(machine: Machine, tools: HostTools, product: Product): Promise<readonly string[]> {
  if (product === 'pbs')
    return (await rowsOf(machine, tools, listing('pbs', 'datastore', 'list'))).map((row) => String(row['name']));
  const storages = await rowsOf(machine, tools, [
    'pvesh',
    'get',
    '/storage',
    '--type',
    'pbs',
    '--output-format',
    'json',
  ]);
  return storages.map((row) => String(row['storage']));
}

async function rowsOf(machine: Machine, tools: HostTools, argv: Argv): Promise<readonly Row[]> {
  const { exitCode, stdout, stderr } = await runTool(machine, tools, argv);
  const broken = (says: string): Fault =>
    new Fault('host-tool-failed', {
      where: argv.join(' '),
      says,
      remedy: 'run it by hand as root; it must answer before logins can be made',
    });
  if (exitCode !== 0) throw broken(stderr.trim() === '' ? `it ended with ${exitCode}` : stderr.trim());
  try {
    const rows: unknown = JSON.parse(stdout);
    if (Array.isArray(rows)) return rows as readonly Row[];
  } catch {
    // said below
  }
  throw broken('its answer is no list in JSON');
}
