// Rule 10: what ransomware leaves is not taken for a good generation, and what was good before stays; a busy normal day is no sign; who
// encrypts five files a day meets a canary.
import { seen } from '../declare/world.ts';
import { holds } from '../layers/holds.ts';
import type { Report } from '../report.ts';
import { alone } from './alone.ts';
import { type FilesPlace, filesPlace } from './files/place.ts';
import { differences, here } from './look.ts';

export async function proveJudgement(report: Report): Promise<void> {
  report.section('Rule 10: content is judged, canaries are met, and what was good is held');
  if (process.getuid?.() !== 0) return report.skip('judgement', 'it needs root');
  const within = (prove: (report: Report, place: FilesPlace) => Promise<void>) => async () => {
    const place = filesPlace('', undefined, 2);
    try {
      here(`cd ${place.data}; ${documents}`);
      await place.run();
      await prove(report, place);
    } finally {
      place.estate.close();
    }
  };
  await alone(report, { encrypted: within(proveEncrypted), busy: within(proveBusy), slow: within(proveSlow) });
}

/** Text, tables, pictures, a mail spool, a database, a repository. */
const documents = `mkdir -p letters pictures mail logs work
for n in $(seq 150); do seq $n $((n + 400)) | sed 's/^/a line of a letter, number /' >letters/$n.txt; done
for n in $(seq 60); do { printf '\\377\\330\\377\\340\\0\\020JFIF\\0'; head -c 40000 /dev/urandom; } >pictures/$n.jpg; done
for n in $(seq 80); do printf 'From: a@example.org\\nSubject: %s\\n\\ntext\\n' $n >mail/$n; done; for n in $(seq 5); do seq 3000 | sed "s/^/2026-01-0$n line /" >logs/syslog.$n; done
sqlite3 work/app.db 'CREATE TABLE notes(x); WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c WHERE x < 9000) INSERT INTO notes SELECT hex(x) FROM c'
git -c init.defaultBranch=main init -q work/code; cd work/code; for n in $(seq 40); do seq $n >f$n; done; git add -A; git -c user.name=x -c user.email=x@x commit -qm one`;

const encrypt = `openssl enc -aes-256-ctr -pass pass:x -nosalt -pbkdf2 -iter 1 -in "$file" -out /tmp/hf-proof-$$ && cat /tmp/hf-proof-$$ >"$file"; rm -f /tmp/hf-proof-$$`;

async function proveEncrypted(report: Report, place: FilesPlace): Promise<void> {
  const { data, estate } = place;
  const [good = ''] = place.trees();
  const was = `${estate.folder}/was`;
  here(
    `mkdir ${was}; rsync -aHAXS --modify-window=-1 ${data}/ ${was}/; cd ${data}; find letters mail logs -type f | LC_ALL=C sort | awk 'NR % 5 < 3' | while read -r file; do ${encrypt}; done`,
  );
  const ran = await place.run();
  const said = ran.stdout + ran.stderr;
  report.row(
    'three files of five encrypted in place: the run is degraded, and lists what shows it',
    `openssl enc; ${ran.command}`,
    'its exit code and words',
    holds(
      {
        degraded: ran.status === 3,
        suspicious: /suspicious|scrambled/.test(said),
        named: /letters\/\d+\.txt|mail\/\d+|logs\/syslog/.test(said),
      },
      `${ran.status} ${said.slice(-700)}`,
    ),
  );
  for (let nth = 0; nth < 4; nth += 1) {
    here(`echo ${nth} >>${data}/work/diary`);
    await place.run();
  }
  const differs = differences(here, was, good);
  report.row(
    'however many runs follow (two points are kept), the last good generation stays, byte for byte',
    `four times ${ran.command}`,
    'diff, getfacl, getfattr against a copy of before; ls of its HOLD',
    (differs === '' && here(`ls ${good}/../HOLD`) !== '') || new Error(differs.slice(0, 500)),
  );
  report.control('a generation that is held for ever though it was encrypted itself', place.trees().length <= 5);
}

/** New mail, ten thousand pictures would be as well; rotated logs, a vacuum, a packed repository, an edited letter. */
async function proveBusy(report: Report, place: FilesPlace): Promise<void> {
  const { data } = place;
  here(`cd ${data}; for n in $(seq 100 400); do { printf '\\377\\330\\377\\340\\0\\020JFIF\\0'; head -c 40000 /dev/urandom; } >pictures/$n.jpg; done
    for n in 5 4 3 2 1; do mv logs/syslog.$n logs/syslog.$((n + 1)); done; gzip -n logs/syslog.6; seq 3000 | sed 's/^/2026-01-06 line /' >logs/syslog.1
    for n in $(seq 40); do rm mail/$n; done; for n in $(seq 200 260); do printf 'From: b@example.org\\n\\nnew\\n' >mail/$n; done; sqlite3 work/app.db 'DELETE FROM notes WHERE rowid % 3 = 0; VACUUM'
    cd work/code; for n in $(seq 20); do echo more >>f$n; done; git add -A; git -c user.name=x -c user.email=x@x commit -qm two; git gc -q; cd ../..; for n in $(seq 30); do sed -i 's/letter/note/' letters/$n.txt; done`);
  const ran = await place.run();
  report.control(
    'a busy normal day that is taken for damage',
    ran.status === 0 && !/suspicious/.test(ran.stdout + ran.stderr),
  );
  if (ran.status !== 0) report.row('a busy normal day', ran.command, 'its exit code and words', seen(ran));
}

/** Five files a day, in the order in which a program finds them: by name, and from the bottom. */
async function proveSlow(report: Report, place: FilesPlace): Promise<void> {
  const { estate, data } = place;
  const planted = await estate.type('canaries', 'plant', 'files', '--yes');
  const first = await place.run();
  report.row(
    'canaries are planted, and look like what is there',
    planted.command,
    'find',
    (planted.status === 0 &&
      first.status === 0 &&
      Number(here(`find ${data} -name '*.rtf' -o -name '*.csv' -o -name '*.xml' | wc -l`)) > 0) ||
      seen(planted, first),
  );
  for (const [order, sort] of [
    ['by name', 'LC_ALL=C sort'],
    ['by name, backwards', 'LC_ALL=C sort -r'],
  ] as const) {
    const files = here(`cd ${data}; find . -type f ! -path './work/code/*' | ${sort}`).split('\n');
    let day = 0;
    let caught = false;
    while (!caught && day < 5) {
      const today = files.slice(day * 5, day * 5 + 5).map((file) => `'${file}'`);
      here(`cd ${data}; for file in ${today.join(' ')}; do ${encrypt}; done`);
      day += 1;
      const ran = await place.run();
      caught = ran.status === 3 && /canar/.test(ran.stdout + ran.stderr);
    }
    report.row(
      `five files a day, ${order}: caught within two days`,
      'openssl enc of five files; holdfast run files --now; the same on the next day',
      'the days that were counted',
      (caught && day <= 2) || new Error(`${caught ? 'caught' : 'not caught'} after ${day} days`),
    );
    here(`cd ${data}; rm -rf ./*; ${documents}`);
    await estate.type('canaries', 'remove', 'files', '--yes');
    await estate.type('canaries', 'plant', 'files', '--yes');
    await place.run();
  }
  const bare = filesPlace();
  try {
    here(`cd ${bare.data}; ${documents}`);
    await bare.run();
    here(
      `cd ${bare.data}; for file in letters/1.txt letters/10.txt letters/100.txt letters/101.txt letters/102.txt; do ${encrypt}; done`,
    );
    const without = await bare.run();
    report.control('five files a day that shares alone would have shown', without.status === 0);
  } finally {
    bare.estate.close();
  }
}
