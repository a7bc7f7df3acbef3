import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { readRelease } from './release.ts';

const root = mkdtempSync(join(tmpdir(), 'holdfast-release-'));
after(() => rmSync(root, { recursive: true, force: true }));
mkdirSync(join(root, 'packaging/debian'), { recursive: true });
writeFileSync(join(root, 'package.json'), '{ "version": "1.2.3" }');

const changelog = (text: string): void => writeFileSync(join(root, 'packaging/debian/changelog'), text);
const entry = (version: string, date: string): string =>
  `holdfast (${version}) unstable; urgency=medium\n\n  * A change.\n\n -- A Person <a@example.org>  ${date}\n`;

describe('a release', () => {
  it('takes its time from its changelog', async () => {
    changelog(entry('1.2.3', 'Tue, 14 Nov 2023 22:13:20 +0000') + entry('1.2.2', 'Mon, 13 Nov 2023 00:00:00 +0000'));
    const { version, epoch } = await readRelease(root);
    assert.deepEqual({ version, epoch }, { version: '1.2.3', epoch: 1_700_000_000 });
  });

  it('is refused where its changelog is of another version, has no date, or is empty', async () => {
    for (const text of [entry('1.2.2', 'Tue, 14 Nov 2023 22:13:20 +0000'), entry('1.2.3', 'one day'), '']) {
      changelog(text);
      await assert.rejects(readRelease(root), { code: 'release-undated', where: 'packaging/debian/changelog' });
    }
  });
});
