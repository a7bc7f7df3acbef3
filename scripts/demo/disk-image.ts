// The part of the demo that needs root: a real disk image with real files, protected, wrecked, and brought back.
import { execFileSync, spawnSync } from 'node:child_process';
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Teller } from './teller.ts';

const layer = `
machines: [{ name: here, local: true }]
workloads: [{ name: photos }]
layers:
  - { name: photos-image, kind: disk-image, machine: here, workload: photos,
      image: FOLDER/photos.img, to: FOLDER/copies, keep: { keep_daily: 7 } }
`;

export function diskImage({ say, type, show, demand }: Teller, folder: string): void {
  const [photos, image, back] = [join(folder, 'photos'), join(folder, 'photos.img'), join(folder, 'back')];
  mkdirSync(join(photos, '2026'), { recursive: true });
  for (const name of ['harbour', 'summit', 'the only one'])
    writeFileSync(join(photos, '2026', `${name}.jpg`), name.repeat(50_000));
  say(
    'A disk image that no job takes is backed up the same way. Here is one, of a disk with photos on it, and its entry:',
  );
  shell('mke2fs', '-q', '-t', 'ext4', '-d', photos, image, '64M');
  const entry = layer.replaceAll('FOLDER', folder);
  appendFileSync(join(folder, 'estate.yaml'), entry);
  show(entry.trim());
  type(['run', 'photos-image'], { only: [/^Run /] });
  say('Now the disk is overwritten with noise, and the photos are fetched back into an empty folder.');
  shell('dd', 'if=/dev/urandom', `of=${image}`, 'bs=1M', 'count=64', 'conv=notrunc', 'status=none');
  type(['restore', 'photos', '--to', 'back', '--yes'], { only: [/^Run /] });
  const differences = spawnSync('diff', ['-r', '--exclude=lost+found', photos, back], { encoding: 'utf8' });
  demand(differences.status === 0, 'diff finds no difference between the photos that were and those that came back');

  function shell(program: string, ...args: readonly string[]): void {
    console.log(`# ${[program, ...args].join(' ').replaceAll(`${folder}/`, '')}`);
    execFileSync(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  }
}
