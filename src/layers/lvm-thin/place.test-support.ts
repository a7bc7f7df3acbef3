// A volume group that is a folder, a cluster that is a list, and the layer's runs on both, carried out by the real engine with a
// real journal. What is asserted is what lies in the folder afterwards, and what the journal says.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { unreachableWorld } from '../../../test/unreachable-world.ts';
import { carryOut } from '../../apply/engine.ts';
import type { Engine, Told } from '../../apply/engine-types.ts';
import { lanesAcrossRuns } from '../../apply/lanes.ts';
import { verdictOf } from '../../apply/outcome.ts';
import { recover } from '../../apply/recover.ts';
import type { World } from '../../contracts/world.ts';
import { openJournal } from '../../journal/journal.ts';
import type { Kubernetes } from '../../machines/kubernetes.ts';
import { localMachine } from '../../machines/local.ts';
import type { Argv, Machine } from '../../machines/machine.ts';
import { makePlan, type Note, type Plan } from '../../model/plan.ts';
import { foldEntries, type Outcome, type StepPath, type StepRecord } from '../../model/run.ts';
import type { Json } from '../../values/canonical.ts';
import { type Clock, type Instant, systemClock } from '../../values/instant.ts';
import { readTags, type Tags } from '../common/lvm/tags.ts';
import { lvmThin } from './layer.ts';
import { mapperName } from './pool.ts';
import { planProtect } from './protect.ts';
import { type LvmThinEntry, lvmThinEntry } from './schema.ts';
import { blockDevices } from './snapshot-argv.ts';

const program = resolve(import.meta.dirname, '../../../test/fixtures/lvm/fake-lvm');

export type FakeVolume = Readonly<Partial<Record<string, string | number>>>;

export type Ended = Readonly<{
  outcome: Outcome;
  summary: string;
  records: ReadonlyMap<StepPath, StepRecord>;
  notes: readonly Note[];
  /** paths of the steps in the order in which they were begun */
  begun: readonly StepPath[];
  result(step: 'discover' | 'retain'): Record<string, Json>;
}>;

export type RunOptions = Readonly<{
  run?: string;
  at?: Instant | string;
  machine?(machine: Machine): Machine;
  /** the run ends there, as if its process was killed, and another one recovers it */
  killedAt?(told: Told): boolean;
}>;

/** Of all places: no two runs have the same id. */
let runs = 0;

export class Place {
  readonly folder = mkdtempSync(join(tmpdir(), 'holdfast-lvm-'));
  readonly entry: LvmThinEntry;
  cluster: Kubernetes | undefined;
  readonly memory = new Map<string, { value: Json; at: Instant }>();
  at = '2026-11-21T03:00:00.000Z' as Instant;
  sinceBoot: ReturnType<NonNullable<Clock['sinceBoot']>>;

  constructor(more: Readonly<Record<string, unknown>> = {}) {
    for (const name of ['lv', 'fail', 'bin', 'state']) mkdirSync(join(this.folder, name));
    for (const name of ['lvm', 'lvs', 'lvcreate', 'lvchange', 'lvremove', 'dmsetup'])
      symlinkSync(program, join(this.folder, 'bin', name));
    writeFileSync(join(this.folder, 'name'), 'pve\n');
    this.entry = lvmThinEntry.parse({
      ...{ name: 'volumes', kind: 'lvm-thin', machine: 'ruapehu', workload: 'cluster', keep: { keep_daily: 3 } },
      ...more,
    });
    this.put('data', {
      ...{ type: 't', bytes: 2 ** 30, mode: 'rw', adds: 1, data_used: 100, data_total: 8000, open: 1, pool: '' },
      ...{ metadata_used: 100, metadata_total: 1024 },
    });
  }

  put(name: string, more: FakeVolume = {}): void {
    const of = {
      ...{ type: 'V', uuid: `uuid-of-${name}`, bytes: 2 ** 24, pool: 'data', active: 1, open: 0, skip: 0, tags: '' },
      ...{ health: '', origin_uuid: '', ...this.read(name), ...more },
    };
    const text = Object.entries(of).map(([key, value]) => `${key}=${value}\n`);
    writeFileSync(join(this.folder, 'lv', name), text.join(''));
  }

  /** the device of a volume stands still, as the kernel tells it */
  suspend(name: string): void {
    this.put(name, { suspended: 1 });
    const device = join(this.folder, 'sys', 'dm-0', 'dm');
    mkdirSync(device, { recursive: true });
    writeFileSync(join(device, 'suspended'), '1\n');
    writeFileSync(join(device, 'name'), `${mapperName('pve', name)}\n`);
  }

  read(name: string): Record<string, string> {
    try {
      const lines = readFileSync(join(this.folder, 'lv', name), 'utf8')
        .trim()
        .split('\n');
      return Object.fromEntries(
        lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
      );
    } catch {
      return {};
    }
  }

  drop(name: string): void {
    rmSync(join(this.folder, 'lv', name));
  }

  names(): readonly string[] {
    return readdirSync(join(this.folder, 'lv')).sort();
  }

  /** names of what is ours */
  ours(): readonly string[] {
    return this.names().filter((name) => name.startsWith('hf_'));
  }

  tags(name: string): Tags {
    return readTags((this.read(name)['tags'] ?? '').split(',')).tags;
  }

  /** origins of the sealed snapshots, with how many each has */
  sealed(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const name of this.ours()) {
      const { sealed, origin = '' } = this.tags(name);
      if (sealed !== undefined) counts[origin] = (counts[origin] ?? 0) + 1;
    }
    return counts;
  }

  /** the command fails, with these words, where its arguments fit */
  fails(command: string, pattern: string, says = 'it went wrong'): void {
    writeFileSync(join(this.folder, 'fail', command), `${pattern}\n${says}\n`);
  }

  mend(): void {
    for (const name of readdirSync(join(this.folder, 'fail'))) rmSync(join(this.folder, 'fail', name));
  }

  machine(): Machine {
    const local = localMachine({ name: 'ruapehu', clock: systemClock });
    const path = `PATH=${join(this.folder, 'bin')}:/usr/sbin:/usr/bin:/sbin:/bin`;
    const blocks = join(this.folder, 'sys');
    const there = ([...argv]: Argv): Argv => [
      ...(['env', path, `FAKE_LVM=${this.folder}`] as const),
      ...argv.map((word) => (word === blockDevices ? blocks : word)),
    ];
    return {
      ...local,
      run: (argv, options) => local.run(there(argv), options),
      stream: (argv, options) => local.stream(there(argv), options),
    };
  }

  world(machine: Machine = this.machine()): World {
    const clock: Clock = { ...systemClock, now: () => this.at, sinceBoot: () => this.sinceBoot };
    return {
      ...unreachableWorld(clock),
      machine: () => machine,
      kubernetes: () => {
        if (this.cluster === undefined) throw new Error('this place has no cluster');
        return this.cluster;
      },
      recall: (what) => this.memory.get(what),
      remember: (what, value) => void this.memory.set(what, { value: JSON.parse(JSON.stringify(value)), at: this.at }),
    };
  }

  async run(options: RunOptions = {}): Promise<Ended> {
    runs += 1;
    const run = options.run ?? `20261121T030000-${String(runs).padStart(6, '0')}`;
    if (options.at !== undefined) this.at = options.at as Instant;
    const world = this.world(options.machine?.(this.machine()) ?? this.machine());
    const plan = this.#plan(run);
    const journal = openJournal(join(this.folder, 'state'), world.clock);
    const consent = { upTo: 'loses a restore point' as const, confirmed: [] };
    const connections = { pve: [], pbs: [], machines: [], kubernetes: [] };
    const startedAt = world.clock.now();
    journal.begin({
      ...{ id: run, job: plan.job, startedBy: 'test', startedAt, supervisor: process.pid },
      plan,
      connections,
      consent,
    });
    const stop = new AbortController();
    let dead = false;
    const killed = Promise.withResolvers<'killed'>();
    const engine: Engine = {
      ...{ run, world, consent, signal: stop.signal },
      journal: {
        ...journal,
        append: (...of) => {
          // A dead process writes nothing any more.
          if (dead) throw new Error('killed');
          return journal.append(...of);
        },
      },
      kinds: new Map(lvmThin.stepKinds.map((kind) => [kind.name, kind])),
      folder: join(this.folder, 'state', 'taken', run),
      lanes: lanesAcrossRuns({
        ...{ folder: join(this.folder, 'state', 'lanes'), clock: world.clock },
        holder: { run, pid: process.pid, what: `run ${run}` },
      }),
      tell: (told) => {
        if (dead || options.killedAt?.(told) !== true) return;
        dead = true;
        stop.abort(new Error('killed'));
        killed.resolve('killed');
      },
    };
    try {
      const carrying = carryOut(engine, plan).catch((error: unknown) => {
        if (!dead) throw error;
        return 'killed' as const;
      });
      const carried = await carrying;
      if (carried === 'killed' || dead) {
        const alive = {
          ...engine,
          journal,
          world: this.world(),
          signal: new AbortController().signal,
          tell: () => {},
        };
        const left = await recover(alive, plan);
        return this.#ended(journal.entries(run), 'aborted', left.join('; '));
      }
      const { outcome, summary } = verdictOf(carried, { interrupted: false, undone: false });
      return this.#ended(journal.entries(run), outcome, summary);
    } finally {
      journal.close();
    }
  }

  #ended(entries: ReturnType<ReturnType<typeof openJournal>['entries']>, outcome: Outcome, summary: string): Ended {
    const records = foldEntries(entries);
    return {
      ...{ outcome, summary, records },
      notes: [...records.values()].flatMap(({ child }) => child?.notes ?? []),
      begun: entries.filter(({ event }) => event === 'trying').map(({ path }) => path),
      result: (step) => records.get(step)?.result as Record<string, Json>,
    };
  }

  #plan(run: string): Plan {
    const { steps } = planProtect(this.entry, { timeZone: 'UTC', now: this.at, layers: [this.entry] });
    return makePlan({
      ...{ estate: 'test', job: `run:${this.entry.name}`, madeAt: this.at, desired: run, observed: '' },
      ...{ steps, notes: [], refusals: [], unchanged: 0, afterFailure: 'keep' },
    });
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
