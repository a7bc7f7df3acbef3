// A real share with a real tracker, and its mirror: an afternoon's changes, a night with ransomware, and the share as it was. It needs root,
// since owners are kept and the share is read where nothing leads out of it.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Teller } from './teller.ts';

const estate = ['--estate', 'share.yaml'] as const;

const entry = (folder: string, journal: string): string => `estate: photos
machines: [{ name: here, local: true }]
workloads: [{ name: share }]
layers:
  - { name: mirror, kind: mirror, machine: here, workload: share, to: ${folder}/nas,
      from: { folder: ${folder}/share, journal: ${journal} } }
`;

export async function share({ say, type, typeAndKeep, show, demand }: Teller, folder: string): Promise<void> {
  const [photos, nas, journals] = ['share', 'nas', 'journals'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  for (const one of [photos, nas]) mkdirSync(one, { mode: 0o700 });
  sh(
    'cd share; for album in $(seq 30); do mkdir "$album"; for n in $(seq 10); do { printf "photo $album/$n "; head -c 3000 /dev/urandom; } >"$album/$n.jpg"; done; done',
  );
  say(
    'A share with 300 photos. A small service writes down what changes in it, so that a copy costs what changed, and not a walk over all of it:',
  );
  const stop = await typeAndKeep(['track', 'share', '--journals', 'journals'], /followed by/);
  try {
    const journal = join(journals, readdirSync(journals)[0] ?? '');
    const text = entry(folder, journal);
    writeFileSync(join(folder, 'share.yaml'), text);
    show(text.slice(text.indexOf('layers:')).replaceAll(`${folder}/`, ''));
    type([...estate, 'run', 'mirror'], { only: [/^Run /] });
    const changed = async (script: string, told: Parameters<Teller['type']>[1]) => {
      const since = Date.now();
      typed(script);
      await settled(journal, since);
      return type([...estate, 'run', 'mirror'], told);
    };
    say('An afternoon: an album is renamed, a photo goes, another one comes.');
    const told = await changed('mv share/7 "share/7 Iceland"; rm share/8/1.jpg; cp share/9/1.jpg share/9/new.jpg', {
      only: [/brought \(/, /^Run /],
    });
    demand(/1 file brought .*1 removed/s.test(told), 'it carried what changed, and nothing else');
    demand(same('share', 'nas/mirror/tree'), 'the mirror is the share, as diff sees it');
    sh('cp -a share was');
    say('Then a night: something with write access encrypts three photos of five, under their own names.');
    const stopped = await changed('for f in share/*/*[1-6].jpg; do openssl rand 3000 >"$f"; done', {
      ...{ exit: 1, only: [/mirror-over-budget/, /would be removed/] },
    });
    demand(
      /overwritten/.test(stopped),
      'the run stops, with the list of what it would have overwritten, before anything is',
    );
    demand(same('was', 'nas/mirror/tree'), 'and the mirror is as the share was before that night');
    type([...estate, 'restore', 'share', '--to', 'share-back', '--yes'], { only: [/^Run /] });
    demand(same('was', 'share-back'), 'every photo is back');
  } finally {
    await stop();
  }

  function sh(script: string): void {
    execFileSync('sh', ['-ec', script], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
  }
  function typed(script: string): void {
    console.log(`# ${script}`);
    sh(script);
  }
  function same(one: string, other: string): boolean {
    return spawnSync('diff', ['-r', one, other], { cwd: folder }).status === 0;
  }
}

/** Until the journal has what happened since then, and nothing more comes. */
async function settled(journal: string, since: number): Promise<void> {
  let last = -1;
  for (let tries = 0; tries < 40; tries += 1) {
    await pause(400);
    const { at, position } = JSON.parse(readFileSync(join(journal, 'heartbeat.json'), 'utf8')) as Beat;
    if (Date.parse(at) >= since && position === last) return;
    last = position;
  }
  throw new Error('the tracker does not answer');
}

type Beat = Readonly<{ at: string; position: number }>;
