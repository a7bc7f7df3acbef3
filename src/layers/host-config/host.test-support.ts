// A host of one's own: a root folder with its own /etc and the programs of this machine, entered by chroot(1); and beside it the
// machine that points go to.
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { World } from '../../contracts/world.ts';
import { localMachine } from '../../machines/local.ts';
import type { Argv, Files, Machine } from '../../machines/machine.ts';
import type { RestorePoint } from '../../model/restore-point.ts';
import type { RunId } from '../../model/run.ts';
import type { Json } from '../../values/canonical.ts';
import { instantAt, systemClock } from '../../values/instant.ts';
import { Secret } from '../../values/secret.ts';
import { type Driven, drive, type Outcome, worldWith } from '../common/driver.test-support.ts';
import { hostConfig } from './layer.ts';
import { planProtect } from './protect.ts';
import { type HostConfigEntry, hostConfigEntry } from './schema.ts';

export const unlessRoot = process.getuid?.() === 0 ? false : 'it needs root, chroot and bind mounts';

export type Host = Readonly<{
  root: string;
  copies: string;
  back: string;
  entry: HostConfigEntry;
  put(path: string, content: string, mode?: number): void;
  /** a program of the host that is none of Debian's */
  program(name: string, script: string): void;
  world: World;
  /** the same, all of whose machines are seen through something */
  worldThrough(over: (machine: Machine) => Machine): World;
  protect(run: string, more?: Partial<Driven>, entry?: Partial<HostConfigEntry>): Promise<Outcome>;
  restore(run: string, point: RestorePoint, entry?: Partial<HostConfigEntry>, more?: Partial<Driven>): Promise<Outcome>;
  points(): Promise<readonly RestorePoint[]>;
  close(): void;
}>;

export function hostWith(more: object = {}, over: (machine: Machine) => Machine = (machine) => machine): Host {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-host-'));
  const [root = '', copies = '', back = ''] = ['root', 'copies', 'back'].map((name) => join(folder, name));
  const mounted: string[] = [];
  const bind = (from: string, to: string) => {
    // This machine's own programs are read-only there, so that no mistake of a test reaches them.
    execFileSync('mount', ['-o', from === '/usr' ? 'bind,ro' : 'bind', from, to]);
    mounted.push(to);
  };
  for (const one of ['usr', 'own', 'etc', 'run', 'tmp', 'var/lib', 'dev'])
    mkdirSync(join(root, one), { recursive: true });
  for (const one of ['bin', 'sbin', 'lib', 'lib64']) symlinkSync(`usr/${one}`, join(root, one));
  for (const one of ['bin', 'sbin', 'programs']) mkdirSync(join(root, 'own', one));
  for (const [name, minor] of [
    ['null', 3],
    ['random', 8],
    ['urandom', 9],
  ] as const)
    execFileSync('mknod', ['-m', '0666', join(root, 'dev', name), 'c', '1', String(minor)]);
  bind('/usr', join(root, 'usr'));
  bind(join(root, 'own'), join(root, 'usr/local'));
  const put = (path: string, content: string, mode = 0o644) => {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    writeFileSync(join(root, path), content);
    chmodSync(join(root, path), mode);
  };
  put('/etc/machine-id', '0123456789abcdef0123456789abcdef\n');
  const program = (name: string, script: string) => put(`/own/programs/${name}`, `#!/bin/sh\n${script}\n`, 0o755);
  program('vgs', '');
  program('lsblk', `echo '{"blockdevices":[]}'`);
  program('dpkg', 'echo "pve-manager install"');
  program('apt-mark', 'echo pve-manager');
  const memory = new Map<string, Json>();
  const worldOf = (run?: RunId, through: (machine: Machine) => Machine = (machine) => machine): World => ({
    ...worldWith(),
    machine: (name) => {
      const machine = localMachine({ name, clock: systemClock, run });
      return through(name === 'host' ? over(entered(machine, root)) : machine);
    },
    keyedDigest: async (secret) => secret.keyedDigest(Buffer.from('a key of this test')),
    recall: (what) => {
      const value = memory.get(what);
      return value === undefined ? undefined : { value, at: instantAt(0) };
    },
    remember: (what, value) => void memory.set(what, JSON.parse(JSON.stringify(value))),
    secret: async (reference, audience) =>
      new Secret(
        'identity',
        execFileSync('cat', [(reference as { file: string }).file])
          .toString()
          .trim(),
        audience,
      ),
  });
  const entry = hostConfigEntry.parse({
    ...{ name: 'config', kind: 'host-config', machine: 'host', to_machine: 'here', workload: 'host', to: copies },
    ...{ keep: { keep_last: 2 }, ...more },
  });
  const driven = (run: string, others: Partial<Driven> = {}): Driven => ({
    ...{ run: run as RunId, world: worldOf(run as RunId), taken: join(folder, 'taken') },
    ...others,
  });
  const context = { timeZone: 'UTC', now: instantAt(0), layers: [] };
  return {
    ...{ root, copies, back, entry, put, program, world: worldOf() },
    worldThrough: (through) => worldOf(undefined, through),
    protect: (run, others, changed = {}) =>
      drive(driven(run, others), planProtect({ ...entry, ...changed }, context).steps, 'keep'),
    restore: (run, point, changed = {}, others = {}) => {
      const { steps, refusals } = hostConfig.restore({ ...entry, ...changed }, { point, target: back }, context);
      if (refusals[0] !== undefined) throw new Error(refusals[0].says);
      return drive(driven(run, others), steps, 'lead back');
    },
    points: () => hostConfig.points(entry, worldOf()),
    close: () => {
      for (const mount of mounted.reverse()) spawnSync('umount', ['--lazy', mount]);
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

/** The same machine, seen from within the folder. */
function entered(machine: Machine, root: string): Machine {
  const within = ([program, ...rest]: Argv): Argv => ['chroot', root, 'env', `PATH=${path}`, program, ...rest];
  const at = (one: string) => join(root, one);
  const { files } = machine;
  const inside: Files = {
    info: (one) => files.info(at(one)),
    read: (one, limit) => files.read(at(one), limit),
    source: (one, options) => files.source(at(one), options),
    write: (one, content, mode) => files.write(at(one), content, mode),
    sink: (one, mode) => files.sink(at(one), mode),
    list: (one) => files.list(at(one)),
    makeFolder: (one, mode) => files.makeFolder(at(one), mode),
    rename: (from, to) => files.rename(at(from), at(to)),
    remove: (one) => files.remove(at(one)),
    space: (one) => files.space(at(one)),
  };
  return {
    name: 'host',
    run: (argv, options) => machine.run(within(argv), options),
    stream: (argv, options) => machine.stream(within(argv), options),
    feed: (argv, options) => machine.feed(within(argv), options),
    talk: (argv, options) => machine.talk(within(argv), options),
    files: inside,
  };
}
const path = '/usr/local/programs:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin';
