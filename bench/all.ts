// `npm run bench`: ratios against peers, both measured in this run. It says where a limit is passed, and then exits with 1.
import { table } from '../src/cli/table.ts';
import type { Row } from './bench.ts';
import { changesRows } from './changes.ts';
import { decidingRows } from './deciding.ts';
import { dumpsRows } from './dumps.ts';
import { filesRows } from './files.ts';
import { journalRows } from './journal.ts';
import { lvmRows } from './lvm.ts';
import { mirrorRows } from './mirror.ts';
import { planRows } from './plan.ts';
import { retentionRows } from './retention.ts';
import { scheduleRows } from './schedule.ts';
import { schedulesRows } from './schedules.ts';
import { sqliteRows } from './sqlite.ts';
import { sshRows } from './ssh.ts';
import { startRows } from './start.ts';
import { streamRows } from './stream.ts';

const benches = {
  ...{ start: startRows, stream: streamRows, deciding: decidingRows, journal: journalRows, plan: planRows },
  ...{ schedule: scheduleRows, schedules: schedulesRows, retention: retentionRows, ssh: sshRows },
  ...{ sqlite: sqliteRows, lvm: lvmRows, changes: changesRows, files: filesRows, mirror: mirrorRows, dumps: dumpsRows },
} as const;
const wanted = process.argv.slice(2);

const rows: Row[] = [];
for (const [name, bench] of Object.entries(benches)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  console.error(`measuring ${name}`);
  rows.push(...(await bench()));
}
console.log(
  table(
    ['what', 'ours', 'peer', 'ratio', 'limit', '', 'measured'],
    rows.map(({ name, ours, peer, ratio, limit, extra }) => [
      ...[name, ours, peer, `${ratio.toFixed(2)}x`, `${limit}x`],
      ...[ratio <= limit ? 'within' : 'BEYOND', extra],
    ]),
  ),
);
process.exitCode = rows.every(({ ratio, limit }) => ratio <= limit) ? 0 : 1;
