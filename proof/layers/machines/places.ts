// One sshd whose sessions have their own /usr/local/sbin: with stand-ins of pct and docker that take exactly what the real ones
// take, and a sqlite3 that hangs when it is told to. Like the real ones they leave behind what they have started.
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Sshd, startSshd } from '../../../src/machines/sshd.test-support.ts';
import type { Connections } from '../../../src/model/estate.ts';
import { type Estate, estateAt } from '../../../test/e2e/estate.test-support.ts';
import { type Cluster, startCluster } from '../../../test/pve-machine/kubectl/cluster.test-support.ts';

export const ways = ['ssh', 'pct', 'docker', 'kubectl'] as const;
export type Way = (typeof ways)[number];

export type Places = Readonly<{
  estate: Estate;
  sshd: Sshd;
  /** the database that is asked */
  file: string;
  connections: Pick<Connections, 'machines' | 'kubernetes'>;
  /** what hangs meanwhile has this among its arguments */
  hanging: string;
  hang(on: boolean): void;
  /** writes the estate with another host key */
  pin(hostKey: string): void;
  close(): Promise<void>;
}>;

const layer = (way: Way, file: string) => ({
  ...{
    name: `check-${way}`,
    kind: 'sqlite',
    machine: way,
    workload: 'vault',
    from: { files: [file] },
    only_check: true,
  },
});

export async function openPlaces(): Promise<Places> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-places-'));
  const at = (name: string) => join(folder, name);
  for (const name of ['programs', 'data']) mkdirSync(at(name));
  const hanging = `4716.${process.pid}`;
  standIn(at('programs/pct'), ['exec', '105', '--', 'sh', '-c']);
  standIn(at('programs/docker'), ['exec', '-i', 'paperless', 'sh', '-c']);
  program(at('programs/sqlite3'), `[ ! -e ${at('hang')} ] || exec sleep ${hanging}\nexec /usr/bin/sqlite3 "$@"`);
  program(
    at('shell'),
    `exec unshare --mount -- sh -c 'mount --bind ${at('programs')} /usr/local/sbin && exec /bin/sh "$@"' sh "$@"`,
  );
  const sshd = await startSshd({ accounts: [`root:*:0:0::/root:${at('shell')}`] });
  const cluster = startCluster('k3s');
  cluster.pod({ namespace: 'prod', name: 'db-0' });
  cluster.tick();
  writeFileSync(at('key'), sshd.key, { mode: 0o600 });
  const connectionsWith = (hostKey: string) => connectionsOf(sshd, hostKey, at('key'), cluster);
  const write = (hostKey: string) =>
    writeFileSync(
      at('estate.yaml'),
      JSON.stringify({
        ...{ estate: 'places', ...connectionsWith(hostKey), workloads: [{ name: 'vault' }] },
        layers: ways.map((way) => layer(way, at('data/db.sqlite3'))),
      }),
    );
  write(sshd.hostKey);
  const estate = estateAt(at('estate.yaml'), 'places', at('state'), folder);
  return {
    ...{ estate, sshd, hanging, file: at('data/db.sqlite3') },
    connections: connectionsWith(sshd.hostKey),
    pin: write,
    hang: (on) => (on ? writeFileSync(at('hang'), '') : rmSync(at('hang'), { force: true })),
    close: async () => {
      await sshd.stop();
      cluster[Symbol.dispose]();
      if (existsSync(folder)) rmSync(folder, { recursive: true, force: true });
    },
  };
}

function connectionsOf(sshd: Sshd, hostKey: string, key: string, cluster: Cluster): Places['connections'] {
  const ssh = { host: '127.0.0.1', port: sshd.port, user: 'root', key: { file: key }, host_key: hostKey };
  return {
    machines: [
      { name: 'ssh', ssh },
      { name: 'pct', pct: { on: 'ssh', guest: 105 } },
      { name: 'docker', docker: { on: 'ssh', container: 'paperless' } },
      { name: 'kubectl', kubectl: { cluster: 'k3s', namespace: 'prod', pod: 'db-0' } },
    ],
    kubernetes: [{ ...cluster.entry('ssh'), kubectl: cluster.kubectl }],
  } as Places['connections'];
}

function program(path: string, script: string): void {
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
}

/** @param exactly what must stand before the script */
function standIn(path: string, exactly: readonly string[]): void {
  program(
    path,
    `for word in ${exactly.map((word) => `'${word}'`).join(' ')}; do
  [ "$1" = "$word" ] || { echo "<$1> is not <$word>" >&2; exit 255; }
  shift
done
[ $# = 1 ] || { echo "$# arguments are left, not 1" >&2; exit 255; }
setsid --wait env -i HOME=/ sh -c "$1"`,
  );
}
