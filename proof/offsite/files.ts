// Files: folders of this machine, as every kind of thing lies in them; generations, and what goes wrong under them.
import type { Report } from '../report.ts';
import { alone } from './alone.ts';
import { proveFire } from './files/fire.ts';
import { proveGenerations } from './files/generations.ts';
import { proveMetadata } from './files/metadata.ts';

export async function proveFiles(report: Report): Promise<void> {
  report.section(
    '3.3 Files: every kind of name and of metadata, generations that nothing changes, and what goes wrong under them',
  );
  if (process.getuid?.() !== 0)
    return report.skip('files', 'it needs root: owners are kept, and sources mounted apart');
  await alone(report, { proveMetadata, proveGenerations, proveFire });
}
