// 3.7 Programs, their secrets, and what passes through: nobody sees the one, and a worker needs no more memory for the other. /proc is asked.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { installed } from '../../bench/installed.ts';
import { seen } from '../declare/world.ts';
import { holds } from '../layers/holds.ts';
import { sh } from '../layers/place.ts';
import type { Report } from '../report.ts';
import { backWith, newestOf, partOf, pointsOf, run, secretFile, words } from './apps.ts';
import { installedFolder, peakOf, watchingFor } from './apps-watched.ts';
import { commandPlace } from './command-place.ts';

export async function proveCommandPassing(report: Report, full: boolean): Promise<void> {
  report.section('3.7 Programs: their secrets, and what passes through');
  await proveSecrets(report);
  await proveHuge(report, full);
}

async function proveSecrets(report: Report): Promise<void> {
  const canary = `canary-${process.pid}`;
  const place = commandPlace((folder) => [
    {
      ...{ name: 'login', command: [join(folder, 'programs', 'dump')], as: 'nobody' },
      secrets: [{ name: 'PASSWORD', from: { file: 'FOLDER/password' } }],
      restore_command: [join(folder, 'programs', 'takes')],
    },
    {
      name: 'fails',
      command: [join(folder, 'programs', 'says')],
      secrets: [{ name: 'PASSWORD', from: { file: 'FOLDER/password' } }],
    },
  ]);
  const { estate, copies, folder } = place;
  try {
    secretFile(estate, 'password', `${canary} it's "a" \\ $(x)`);
    sh(`chmod 755 . programs; mkdir in; chmod 777 in`, folder);
    // Each stays until somebody has seen it; what it is given it shows as a digest.
    place.script(
      'dump',
      `id -un; printf %s "$PASSWORD" | sha256sum; for n in $(seq 1 40); do cat /proc/self/status >/dev/null; done`,
    );
    place.script('takes', `{ printf %s "$PASSWORD" | sha256sum; cat; } >'${folder}/in/got'`);
    place.script('says', `echo "login with $PASSWORD refused" >&2; exit 1`);
    const taking = await watchingFor([canary], estate.type(...run));
    const output = sh(`zstd -dc '${partOf(copies, newestOf(copies), 'login')}'`);
    const digest = sh('printf %s "$(cat password)" | sha256sum', folder);
    const strangers = taking.environ.filter(
      (line) => !line.includes(join(folder, 'programs')) && !/^(cat|sha256sum|seq|id) ?/.test(line),
    );
    report.row(
      '3.7 a secret reaches its program to the last byte, as the account it is to be; in no argument, in no other environment',
      taking.result.command,
      '/proc/*/cmdline and environ; sha256sum',
      holds(
        {
          'the one that fails is named': taking.result.status === 3 && /fails is missing/.test(words(taking.result)),
          'to the last byte': output === `nobody\n${digest}`,
          'in no argument': taking.argv.length === 0,
          'in no other environment': strangers.length === 0,
          'its worker was seen': taking.workers > 0,
        },
        `${output} ${taking.argv.join('|')} ${strangers.join('|')} ${words(taking.result).slice(-400)}`,
      ),
    );
    report.row(
      '3.7 what a program says of its secret gets into no log, journal or point',
      `grep -rF SECRET ${folder}`,
      'grep; the words of the run',
      /login with \[secret\] refused/.test(words(taking.result)) &&
        sh(`grep -rlF '${canary}' . `, folder) === './password',
    );
    const restored = await watchingFor(
      [canary],
      estate.type(...backWith('login')(newestOf(copies), '--only', 'login')),
    );
    report.row(
      '3.15 and the program that takes it in gets it, too, before the dump',
      restored.result.command,
      '/proc/*/cmdline; cat',
      (restored.result.status === 0 &&
        restored.argv.length === 0 &&
        readFileSync(join(folder, 'in/got'), 'utf8').startsWith(`${digest}\nnobody\n`)) ||
        seen(restored.result),
    );
    writeFileSync(join(folder, 'leak'), canary);
    report.control('a secret that lies in one more file', sh(`grep -rlF '${canary}' . | wc -l`, folder) === '2');
  } finally {
    place.close();
  }
}

async function proveHuge(report: Report, full: boolean): Promise<void> {
  const megabytes = full ? 4096 : 700;
  const stream = `head -c ${megabytes}M /dev/zero | tr '\\0' 'x'`;
  const place = commandPlace((folder) => [
    {
      ...{ name: 'huge', command: ['sh', '-c', stream], count_lines: true, ends_with: 'xxxx' },
      restore_command: ['sh', '-c', 'sha256sum >"$1"', 'sh', join(folder, 'sum')],
    },
  ]);
  const { estate, copies, folder } = place;
  const unpacked = installedFolder();
  try {
    const program = installed(unpacked);
    const taking = await peakOf(program, estate, /^look>dump$/, run);
    const point = newestOf(copies);
    const size = () => sh(`zstd -dc '${partOf(copies, point, 'huge')}' | wc -c`);
    report.row(
      `3.7 ${megabytes} MB pass through a worker that never had more than ${taking.megabytes} MB`,
      `holdfast ${run.join(' ')}`,
      `/proc/PID/status: VmHWM, ${taking.looks} times; zstd -dc, wc -c`,
      (taking.status === 0 &&
        taking.looks > 3 &&
        taking.megabytes > 0 &&
        taking.megabytes < 150 &&
        size() === `${megabytes * 1024 * 1024}`) ||
        new Error(
          `exit ${taking.status}; ${taking.megabytes} MB (${taking.of}), ${taking.looks} looks; ${taking.said.slice(-400)}`,
        ),
    );
    const giving = await peakOf(program, estate, /^restore-0$/, backWith('huge')(point));
    report.row(
      `3.15 and back, through one that never had more than ${giving.megabytes} MB`,
      `holdfast ${backWith('huge')(point).join(' ')}`,
      `/proc/PID/status: VmHWM, ${giving.looks} times; sha256sum`,
      (giving.status === 0 &&
        giving.looks > 3 &&
        giving.megabytes > 0 &&
        giving.megabytes < 150 &&
        readFileSync(join(folder, 'sum'), 'utf8') === `${sh(`${stream} | sha256sum`)}\n`) ||
        new Error(
          `exit ${giving.status}; ${giving.megabytes} MB (${giving.of}), ${giving.looks} looks; ${giving.said.slice(-400)}`,
        ),
    );
    report.control('no memory at all', taking.megabytes > 20 && pointsOf(copies).length === 2);
  } finally {
    place.close();
    rmSync(unpacked, { recursive: true });
  }
}
