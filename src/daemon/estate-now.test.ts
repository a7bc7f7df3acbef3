// The estate that a daemon works by, while somebody edits it.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { read } from '../estate/estate.test-support.ts';
import type { Holdfast } from '../holdfast.ts';
import { estateNow } from './estate-now.ts';

const text = (schedule: string, name = 'home') => `
estate: ${name}
machines: [{ name: here, local: true }]
workloads: [{ name: photos }]
layers: [{ name: photos, kind: disk-image, machine: here, workload: photos, image: /a.img, to: /copies, keep: { keep_last: 2 } }]
schedules: [{ job: photos, schedule: "${schedule}" }]
`;

async function edited(
  work: (given: { write(text: string): void; said: string[]; file: string }) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-estate-now-'));
  const file = join(folder, 'estate.yaml');
  try {
    await work({ write: (content) => writeFileSync(file, content), said: [], file });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const openAt = (file: string) => async () => ({ holdfast: {} as Holdfast, estate: await read(file) });

describe('an estate that changes while the daemon watches', () => {
  it('counts from the next look on', () =>
    edited(async ({ write, said, file }) => {
      write(text('02:00'));
      const current = await estateNow(openAt(file), (line) => said.push(line));
      const before = current.now().timetable;
      await current.reread();
      assert.equal(current.now().timetable, before, 'what did not change is not worked out again');
      write(text('03:00'));
      await current.reread();
      assert.equal(current.now().timetable.timings.get('photos')?.calendar?.event.text, '03:00');
      assert.deepEqual(said, ['the estate has changed; it counts from now on']);
    }));

  it('and cannot be used is said once, with what is wrong, and the one before goes on (reality 2.44)', () =>
    edited(async ({ write, said, file }) => {
      write(text('02:00'));
      const current = await estateNow(openAt(file), (line) => said.push(line));
      for (const wrong of [text('25:00:00'), text('25:00:00')]) {
        write(wrong);
        await current.reread();
      }
      assert.equal(current.now().timetable.timings.get('photos')?.calendar?.event.text, '02:00');
      assert.equal(said.length, 1);
      assert.match(said[0] ?? '', /cannot be used as it is now, and the one before goes on.*hour 25 is above 23/);
      write(text('02:00'));
      await current.reread();
      assert.deepEqual(said.slice(1), ['the estate can be used again']);
    }));

  it('and has another name is refused: another state belongs to it', () =>
    edited(async ({ write, said, file }) => {
      write(text('02:00'));
      const current = await estateNow(openAt(file), (line) => said.push(line));
      write(text('02:00', 'elsewhere'));
      await current.reread();
      assert.equal(current.now().estate.name, 'home');
      assert.match(said[0] ?? '', /its name was home and is elsewhere/);
    }));

  it('does not let the daemon begin where it is wrong from the start', () =>
    edited(async ({ write, said, file }) => {
      write(text('25:00:00'));
      await assert.rejects(
        estateNow(openAt(file), (line) => said.push(line)),
        { code: 'estate-invalid' },
      );
    }));
});
