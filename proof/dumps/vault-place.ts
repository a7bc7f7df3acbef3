// A vault for proofs (the stand-in of src/layers/vault: there is no Vault in Debian), and what it holds as curl is told.
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  Cluster,
  type StandIn,
  type Standing,
  snapshotPolicy,
  startVault,
} from '../../src/layers/vault/stand-in.test-support.ts';
import { type AppPlace, backWith, placeFor, secretFile } from './apps.ts';

export const back = backWith('app');

/** Nobody else on this machine has these words anywhere. */
export const canaries = { take: `hvs.take-${process.pid}`, restore: `hvs.restore-${process.pid}` } as const;
export const rootToken = 'hvs.root-token';

const odd = `it's "odd" \\ näme; $(x)\nsecond line`;

export function filledCluster(unsealKey = 'one'): Cluster {
  const secrets = Object.fromEntries(Array.from({ length: 40 }, (_, nth) => [`kv/app-${nth}`, `password ${nth}`]));
  const cluster = new Cluster(unsealKey, { ...secrets, [`kv/${odd}`]: odd, 'kv/shop': 'monday' });
  const { default: own = {} } = cluster.contents.policies;
  cluster.grant(canaries.take, { default: own, take: snapshotPolicy });
  cluster.grant(canaries.restore, {
    default: own,
    back: { 'sys/storage/raft/snapshot': ['update'], 'sys/storage/raft/snapshot-force': ['update'] },
  });
  return cluster;
}

export const layerOn = (
  { url, fingerprint }: Pick<StandIn, 'url' | 'fingerprint'>,
  more: Readonly<Record<string, unknown>> = {},
) => ({
  ...{ kind: 'vault', url, ...(fingerprint === undefined ? {} : { fingerprint }) },
  ...{ token: { file: 'FOLDER/take' }, restore_as: { token: { file: 'FOLDER/restore' } }, ...more },
});

/** An estate with the two tokens in files. */
export function placeOn(
  server: Pick<StandIn, 'url' | 'fingerprint'>,
  more?: Readonly<Record<string, unknown>>,
): AppPlace {
  const place = placeFor(layerOn(server, more));
  secretFile(place.estate, 'take', canaries.take);
  secretFile(place.estate, 'restore', canaries.restore);
  return place;
}

export type VaultPlace = AppPlace & Readonly<{ cluster: Cluster; server: StandIn; close(): Promise<void> }>;

export async function vaultPlace(
  more: Readonly<Record<string, unknown>> = {},
  standing: Partial<Standing> = {},
): Promise<VaultPlace> {
  const cluster = standing.cluster ?? filledCluster();
  const server = await startVault({ tls: true, ...standing, cluster });
  const place = placeOn(server, more);
  return {
    ...{ ...place, cluster, server },
    close: async () => {
      place.estate.close();
      await server.close();
    },
  };
}

const exec = promisify(execFile);

/** The token lies in a file of its own: curl has it in no argument. It ends badly where the server says no. */
export async function curl(
  { url }: Pick<StandIn, 'url'>,
  folder: string,
  paths: readonly string[],
  more: readonly string[] = [],
): Promise<string> {
  const asked = paths.map((path) => `url = "${url}/v1/${path}"`);
  const config = join(folder, 'curl.config');
  writeFileSync(config, [`header = "X-Vault-Token: ${rootToken}"`, ...asked].join('\n'), { mode: 0o600 });
  const fixed = ['--silent', '--show-error', '--fail', '--insecure', '--globoff', '--config', config];
  return (await exec('curl', [...fixed, ...more], { maxBuffer: 1 << 28 })).stdout;
}

const keysIn = (answer: string): readonly string[] =>
  (JSON.parse(answer) as { data: { keys: readonly string[] } }).data.keys;

/** Every secret with its value, every policy with its lines, and every token that there is. */
export async function pictureOf(server: Pick<StandIn, 'url'>, { estate: { folder } }: AppPlace): Promise<string> {
  const list = async (path: string) => keysIn(await curl(server, folder, [`${path}?list=true`]));
  const [secrets, policies, tokens] = [
    await list('kv'),
    await list('sys/policies/acl'),
    await list('auth/token/accessors'),
  ];
  const paths = [
    ...secrets.map((name) => `kv/${encodeURIComponent(name)}`),
    ...policies.map((name) => `sys/policies/acl/${name}`),
  ];
  const each = paths.length === 0 ? '' : await curl(server, folder, paths, ['--write-out', '\n%{url}\n']);
  return `${each.replaceAll(server.url, '')}${tokens.join('\n')}`;
}

export const asked = 'curl: every secret, policy and token';
