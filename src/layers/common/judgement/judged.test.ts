// Real trees, really encrypted, emptied and renamed; and days on which much happens and nothing is wrong.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Generations, generationsOf } from './generations.test-support.ts';
import type { Verdict } from './judge.ts';

const signalsOf = (verdict: Verdict): readonly string[] =>
  verdict.verdict === 'suspicious' ? verdict.reasons.map(({ signal }) => signal) : [verdict.verdict];

async function after(generations: Generations, script: string): Promise<readonly string[]> {
  try {
    generations.sh(script);
    return signalsOf(await generations.judged());
  } finally {
    generations.close();
  }
}

/** 100 files as people have them: text, tables, archives, pictures that are compressed by their kind. */
const documents = `
  for n in $(seq 100); do
    mkdir -p "d$((n % 7))"
    case $((n % 4)) in
      0) seq $n $((n + 900)) > "d$((n % 7))/table $n.csv" ;;
      1) for l in $(seq 60); do echo "Line $l of letter $n, with words enough to look like one."; done > "d$((n % 7))/letter $n.txt" ;;
      2) seq $n 3000 | gzip -n > "d$((n % 7))/archive $n.gz" ;;
      3) { printf '\\377\\330\\377\\340\\000\\020JFIF'; head -c 6000 /dev/urandom; } > "d$((n % 7))/picture $n.jpg" ;;
    esac
  done`;

const sixtyOfHundred = `find . -type f | LC_ALL=C sort | head -60`;

describe('damage', () => {
  it('is seen where 60 of 100 files were encrypted in place by openssl', async () => {
    const found = await after(
      generationsOf(documents),
      `${sixtyOfHundred} | while read -r f; do openssl enc -aes-256-cbc -pbkdf2 -iter 1 -pass pass:x -in "$f" -out "$f.tmp" && mv "$f.tmp" "$f"; done`,
    );
    assert.deepEqual(found, ['scrambled']);
  });

  it('is seen where they were encrypted without any mark', async () => {
    const found = await after(
      generationsOf(documents),
      `${sixtyOfHundred} | while read -r f; do openssl enc -aes-256-ctr -K 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff -iv 00000000000000000000000000000000 -in "$f" -out "$f.tmp" && mv "$f.tmp" "$f"; done`,
    );
    assert.deepEqual(found, ['scrambled']);
  });

  it('is seen where gpg encrypted them, and they got its ending', async () => {
    const found = await after(
      generationsOf(documents),
      `export GNUPGHOME=$PWD/../gpg; mkdir -m 700 $GNUPGHOME
       ${sixtyOfHundred} | while read -r f; do gpg --batch --quiet --pinentry-mode loopback --passphrase x --s2k-mode 0 --symmetric -o "$f.locked" "$f" && rm "$f"; done
       gpgconf --kill all`,
    );
    assert.deepEqual(found, ['scrambled', 'renamed']);
  });

  it('is seen where names and content are nothing that was there', async () => {
    const found = await after(
      generationsOf(documents),
      `n=0; ${sixtyOfHundred} | while read -r f; do n=$((n + 1)); head -c 5000 /dev/urandom > "d1/$n"; rm "$f"; done`,
    );
    assert.deepEqual(found, ['replaced']);
  });

  it('is seen where only the first half of each file was encrypted, and where only the second was', async () => {
    for (const half of ['head -c 2500 /dev/urandom; tail -c +2501', 'head -c 2500 x; head -c 9000 /dev/urandom #'])
      assert.deepEqual(
        await after(
          generationsOf('for n in $(seq 50); do seq $n 2500 > "t$n.csv"; done'),
          half.startsWith('head -c 2500 /dev')
            ? `for f in *; do { head -c 2500 /dev/urandom; tail -c +2501 "$f"; } > ../x; cat ../x > "$f"; done`
            : `for f in *; do { head -c 2500 "$f"; head -c 8000 /dev/urandom; } > ../x; cat ../x > "$f"; done`,
        ),
        ['scrambled'],
        half,
      );
  });

  it('is seen where files are filled with zeros, and where they are emptied (reality 2.30)', async () => {
    const zeros = `${sixtyOfHundred} | head -20 | while read -r f; do s=$(stat -c %s "$f"); head -c $s /dev/zero > ../x; cat ../x > "$f"; done`;
    assert.deepEqual(await after(generationsOf(documents), zeros), ['zeroed']);
    const empty = `${sixtyOfHundred} | head -20 | while read -r f; do : > "$f"; done`;
    assert.deepEqual(await after(generationsOf(documents), empty), ['emptied']);
  });

  it('is seen where most is gone, and where all together are half as large', async () => {
    const gone = await after(generationsOf(documents), `${sixtyOfHundred} | while read -r f; do rm "$f"; done`);
    assert.ok(gone.includes('gone'), gone.join());
    const cut = await after(generationsOf(documents), 'find . -type f -exec truncate -s 300 {} +');
    assert.ok(cut.includes('shrunk'), cut.join());
  });

  it('of a handful of files is seen, too', async () => {
    const few = 'for n in 1 2 3 4; do seq $n 2000 > "$n.txt"; done';
    assert.deepEqual(await after(generationsOf(few), 'for n in 1 2 3; do head -c 9000 /dev/urandom > $n.txt; done'), [
      'scrambled',
    ]);
    assert.deepEqual(await after(generationsOf(few), 'seq 3000 > 1.txt'), ['fine'], 'a control');
  });
});

describe('a busy day', () => {
  const fine = (title: string, fill: string, script: string) =>
    it(title, { timeout: 300_000 }, async () => assert.deepEqual(await after(generationsOf(fill), script), ['fine']));

  fine(
    'is none of damage where a mail spool has other mail',
    'mkdir cur new; for n in $(seq 300); do { echo "From: a@b"; seq $n 400; } > cur/$n.mail:2,; done',
    `ls cur | head -250 | while read -r f; do rm "cur/$f"; done
     for n in $(seq 400); do { echo "From: c@d"; head -c 3000 /dev/urandom | base64; } > new/$n.other; done
     ls cur | while read -r f; do mv "cur/$f" "cur/$f""S"; done`,
  );
  fine(
    'is none of damage where git has packed all it had',
    `git init -q .; git config user.email a@b; git config user.name n; git config gc.auto 0
     for n in $(seq 40); do seq $n 500 > f$n; git add f$n; git commit -qm $n; done`,
    'git gc -q --aggressive --prune=now',
  );
  fine(
    'is none of damage where all there is are repositories, and git has packed them',
    `git init -q x; cd x; git config user.email a@b; git config user.name n; git config gc.auto 0
     for n in $(seq 40); do seq $n 1500 > f; git add f; git commit -qm $n; done; cd ..; mkdir bare; mv x/.git bare/x.git; rm -r x`,
    'cd bare/x.git; git gc -q --aggressive --prune=now',
  );
  fine(
    'is none of damage where a cache of small files was emptied',
    `${documents}; mkdir cache; for n in $(seq 400); do echo $n > cache/$n; done`,
    'rm -r cache',
  );
  fine(
    'is none of damage where 10,000 pictures came',
    documents,
    `mkdir import; head -c 700000 /dev/urandom > ../noise
     perl -e 'open(my $in, "<", "../noise"); local $/; my $noise = <$in>;
       for my $n (1..10000) { open(my $out, ">", "import/IMG_$n.jpg"); print $out "\\xff\\xd8\\xff\\xe1", substr($noise, $n * 60, 3000) }'`,
  );
  fine(
    'is none of damage where logs are rotated by renaming',
    `for n in $(seq 30); do seq $n 9000 > app$n.log; for k in 1 2 3; do seq $k$n 5000 | gzip -n > app$n.log.$((k + 1)).gz; done; seq 5$n 8000 > app$n.log.1; done`,
    `for n in $(seq 30); do mv app$n.log.3.gz app$n.log.4.gz; mv app$n.log.2.gz app$n.log.3.gz; gzip -n < app$n.log.1 > app$n.log.2.gz; mv app$n.log app$n.log.1; : > app$n.log; done`,
  );
  fine(
    'is none of damage where logs are rotated by copying and emptying',
    'for n in $(seq 30); do seq $n 9000 > app$n.log; done',
    'for n in $(seq 30); do cp app$n.log app$n.log.1; : > app$n.log; done',
  );
  fine(
    'is none of damage where databases were vacuumed, and others written to',
    `for n in $(seq 12); do sqlite3 d$n.db "CREATE TABLE t (x); WITH RECURSIVE c(n) AS (VALUES(1) UNION ALL SELECT n+1 FROM c WHERE n<2000) INSERT INTO t SELECT hex(randomblob(100)) FROM c"; done`,
    `for n in $(seq 12); do sqlite3 d$n.db 'DELETE FROM t WHERE rowid % 3 = 0; INSERT INTO t SELECT randomblob(200) FROM t; VACUUM'; done`,
  );
  fine(
    'is none of damage where what was encrypted is encrypted anew',
    'for n in $(seq 40); do head -c 9000 /dev/urandom > vault$n; done',
    'for n in $(seq 40); do head -c 9500 /dev/urandom > vault$n; done',
  );
  fine(
    'is none of damage where preallocated files were filled',
    'for n in $(seq 40); do head -c 9000 /dev/zero > part$n; done',
    'for n in $(seq 40); do head -c 9000 /dev/urandom > part$n; done',
  );
});

describe('a file of any name', () => {
  it('is looked into, and neither a link nor a FIFO in its place is', async () => {
    const generations = generationsOf(
      'for n in $(seq 20); do seq $n 2000 > "a\nb $n"; done; mkdir sub; seq 3000 > sub/x',
    );
    generations.sh(`for n in $(seq 20); do head -c 9000 /dev/urandom > "a
b $n"; done; rm -r sub; ln -s /etc sub; rm "a
b 1"; mkfifo "a
b 1"`);
    const verdict = await generations.judged();
    generations.close();
    assert.deepEqual(signalsOf(verdict), ['scrambled']);
    assert.ok(verdict.verdict === 'suspicious' && verdict.paths.includes('a\\u000ab 2'));
  });
});
