// kill -9 of worker, supervisor and both at every kind of step of files, offsite and mirror: nothing half made counts or stays, and the
// next run is whole.
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { sh } from '../layers/place.ts';
import { type Sweep, sweep } from '../layers/sweep.ts';
import type { Report } from '../report.ts';
import { alone } from './alone.ts';
import { filesPlace } from './files/place.ts';
import { differences, here } from './look.ts';
import { fill, mirrorPlace } from './mirror/place.ts';
import { type Nas, startNas, unlessNas } from './nas.ts';
import { offsitePlace } from './offsite/place.ts';

export async function proveKills(report: Report): Promise<void> {
  report.section('kill -9 of worker, supervisor and both, at every kind of step of files, offsite and mirror');
  if (unlessNas !== false) return report.skip('kills', unlessNas);
  const nas = await startNas({ megabytes: 600 });
  try {
    await alone(report, {
      files: proveFilesKills,
      offsite: (to) => proveOffsiteKills(to, nas),
      mirror: (to) => proveMirrorKills(to, nas),
    });
  } finally {
    await nas.stop();
  }
}

/** Removing a point is over in a moment, unless something heavy lies in it. */
const heavier =
  (points: string): NonNullable<Sweep['before']> =>
  ({ kind }) => {
    if (kind === 'point.prune')
      sh(`for one in */; do mkdir -p "$one/junk"; (cd "$one/junk"; seq 20000 | xargs touch); done`, points);
  };

/** What is at the target is nothing, or all of it. */
const halfOf = (data: string, target: string): string =>
  !existsSync(target) || here(`ls -A ${target}`) === '' ? '' : differences(here, data, target);

async function proveFilesKills(report: Report): Promise<void> {
  const place = filesPlace();
  const { estate, data, points, back } = place;
  try {
    here(
      `cd ${data}; mkdir many; cd many; seq 3000 | xargs -n1 sh -c 'echo $0 >$0'; head -c 30000000 /dev/urandom >large`,
    );
    for (let nth = 0; nth < 4; nth += 1) await place.run();
    const run = ['run', 'files', '--now'];
    const restore = ['restore', 'photos', '--to', back, '--yes'];
    const wrong = () => {
      const older = place.trees().find((tree) => !existsSync(join(tree, 'many/large')));
      return `${older ?? ''}${halfOf(data, back)}`;
    };
    const slower: Sweep['before'] = (moment) => {
      heavier(points)(moment);
      if (moment.kind === 'files.copy') here(`cd ${data}; head -c 30000000 /dev/urandom >many/large`);
    };
    await sweep(report, 'files', { estate, points, folders: [estate.folder], target: back, wrong, before: slower }, [
      { kind: 'files.look', path: /^look$/, typed: run },
      { kind: 'files.copy', path: /^look>(?!.*(prune|weeks))/, typed: run },
      { kind: 'point.prune', path: /prune/, typed: run },
      { kind: 'files.weeks', path: /weeks/, typed: run },
      { kind: 'tree.unpack', path: /unpack/, typed: restore },
      { kind: 'tree.settle', path: /settle/, typed: restore },
    ]);
    const last = await place.run();
    report.row(
      'files: and the next run is whole',
      last.command,
      'diff, getfacl, getfattr against the source',
      (last.status === 0 && differences(here, data, place.trees().at(-1) ?? '') === '') ||
        new Error(last.stdout.slice(-500)),
    );
    here(`rm ${place.trees().at(-1)}/many/7`);
    report.control('files: a generation that lacks a file', differences(here, data, place.trees().at(-1) ?? '') !== '');
  } finally {
    estate.close();
  }
}

/** Processes there that work for us, and folders of what came to no end. */
const leftAt = (nas: Nas, folder: string): string =>
  nas.sh(
    `for one in /proc/[0-9]*; do case "$(tr '\\0' ' ' <$one/cmdline 2>/dev/null)" in *rsync\\ --server*) echo "rsync at the NAS";; esac; done; find ${folder} -name '.partial*' -o -name '.sending*' -o -name '.holdfast-*' -o -name '.removing*' 2>/dev/null || true`,
  );

async function proveOffsiteKills(report: Report, nas: Nas): Promise<void> {
  const to = join(nas.disk, 'kills');
  const place = offsitePlace({ entry: { to, to_machine: 'nas' }, machines: [nas.shellEntry('nas')] }, { keep_last: 2 });
  const { estate, points, data } = place;
  const back = join(estate.folder, 'back');
  const there = join(to, 'away/files');
  try {
    await place.take();
    await place.send();
    const run = ['run', 'away', '--now'];
    const restore = ['restore', 'away', '--to', back, '--yes'];
    const wrong = () => {
      const unequal = nas.tried(
        `cd ${there}; for one in 2*; do [ ! -e ${points}/$one ] || diff -r --no-dereference ${points}/$one $one; done`,
      );
      return `${unequal.says.slice(0, 300)}${leftAt(nas, to)}${halfOf(data, back)}`;
    };
    // Something to be sent each time; with two kept, the third makes one of them go.
    const before: Sweep['before'] = ({ kind }) => {
      here(`head -c 20000000 /dev/urandom >${data}/large`);
      const typing = (layer: string) => here(`${typed(estate, 'run', layer, '--now')} >/dev/null 2>&1`);
      for (let nth = 0; kind === 'offsite.prune' && nth < 2; nth += 1) {
        typing('files');
        typing('away');
      }
      typing('files');
    };
    await sweep(report, 'offsite', { estate, points, folders: [estate.folder], target: back, wrong, before }, [
      { kind: 'offsite.look', path: /^look$/, typed: run },
      { kind: 'offsite.send', path: /send/, typed: run },
      { kind: 'offsite.prune', path: /prune/, typed: run },
      { kind: 'offsite.fetch', path: /^fetch$/, typed: restore },
      { kind: 'tree.unpack', path: /unpack/, typed: restore },
      { kind: 'tree.settle', path: /settle/, typed: restore },
    ]);
    const last = await place.send();
    report.row(
      'offsite: and the next run is whole',
      last.command,
      'diff -r at the NAS',
      (last.status === 0 && wrong() === '') || new Error(`${last.status} ${wrong()} ${last.stdout.slice(-400)}`),
    );
    nas.sh(`rm $(ls -d ${there}/2*/tree/many | tail -1)/9`);
    report.control('offsite: a copy that lacks a file', wrong() !== '');
  } finally {
    rmSync(estate.folder, { recursive: true, force: true });
    nas.tried(`rm -rf ${to}`);
  }
}

const typed = (estate: { file: string; state: string }, ...args: string[]): string =>
  [
    process.execPath,
    '--disable-warning=ExperimentalWarning',
    join(import.meta.dirname, '../../src/main.ts'),
    '--estate',
    estate.file,
    '--state',
    estate.state,
    ...args,
  ].join(' ');

async function proveMirrorKills(report: Report, nas: Nas): Promise<void> {
  const place = await mirrorPlace(nas, 'kills-of-mirror', { budget: 60, kept_for: '1s' });
  const { estate, share, root } = place;
  const back = join(estate.folder, 'back');
  try {
    fill(share);
    await place.run();
    const run = ['run', 'mirror', '--now'];
    const restore = ['restore', 'photos', '--to', back, '--yes'];
    let counted = 0;
    // Two sealed runs before it: then the older one may be forgotten.
    const before: Sweep['before'] = ({ kind }) => {
      for (let nth = 0; kind === 'mirror.forget' && nth < 2; nth += 1) {
        here(`echo ${nth} >${share}/many/over; sleep 2; ${typed(estate, ...run)} >/dev/null 2>&1`);
      }
      counted += 1;
      here(
        `cd ${share}; head -c 10000000 /dev/urandom >large; rm -f many/${counted}; echo ${counted} >many/over; mv album album-too; mv album-too album; mkdir -p new-${counted}; touch new-${counted}/x`,
      );
    };
    // What is there is the share of now, or of a run before: never a mixture that nobody had.
    const wrong = () => {
      const names = nas.sh(
        `find ${root} -mindepth 1 -maxdepth 1 -name '.partial*' -o -maxdepth 1 -name '.view*' -o -maxdepth 1 -name '.removing*' | head -3`,
      );
      return `${names}${leftAt(nas, root)}`;
    };
    await sweep(report, 'mirror', { estate, points: nas.disk, folders: [estate.folder], target: back, wrong, before }, [
      { kind: 'mirror.bring', path: /^bring$/, typed: run },
      { kind: 'mirror.turn', path: /turn/, typed: run },
      { kind: 'mirror.forget', path: /forget/, typed: run },
      { kind: 'mirror.restore', path: /^restore$/, typed: restore },
    ]);
    const last = await place.run();
    report.row(
      'mirror: and the next run is whole',
      last.command,
      'diff, getfacl, getfattr at the NAS',
      (last.status === 0 && place.differs() === '') ||
        new Error(`${last.status} ${place.differs().slice(0, 300)} ${last.stdout.slice(-400)}`),
    );
    nas.sh(`rm ${place.tree}/many/100`);
    report.control('mirror: a mirror that lacks a file', place.differs() !== '');
  } finally {
    await place.close();
  }
}
