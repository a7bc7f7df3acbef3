// Tests that take long, with all of their cases (a proof with --full): CI tries some of each sort. Each asks its own authorities.
import { run } from 'node:test';
import type { Report } from './report.ts';

/** @param files each with the authorities that it asks */
export async function proveSweepOfTests(
  report: Report,
  title: string,
  files: Readonly<Record<string, string>>,
): Promise<void> {
  report.section(title);
  process.env['HOLDFAST_SWEEP'] = 'whole';
  for (const [file, authority] of Object.entries(files)) await proveFile(report, file, authority);
}

async function proveFile(report: Report, file: string, authority: string): Promise<void> {
  let tried = 0;
  const command = `HOLDFAST_SWEEP=whole node --test ${file}`;
  const events = run({ files: [file], concurrency: 1, timeout: 3_000_000 });
  for await (const { type, data } of events) {
    if ((type !== 'test:pass' && type !== 'test:fail') || data.details.type === 'suite' || data.nesting === 0) continue;
    tried += 1;
    const error = type === 'test:fail' ? data.details.error : undefined;
    report.row(data.name, command, authority, error === undefined ? true : new Error(String(error.cause ?? error)));
  }
  report.control(`${file}, of which no case is tried,`, tried > 0);
}
