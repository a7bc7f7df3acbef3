// A proof in parts: lanes run side by side, what keeps both processors busy follows alone; a part that ends before its end is a
// failed row. It closes with its count, and is a command's exit code.
import { countingKills, inOnePiece } from './layers/lanes.ts';
import { type Report, report } from './report.ts';

export type Parts = Readonly<Record<string, (proof: Report, full: boolean) => Promise<void>>>;

/** @param script as it is typed: `npm run SCRIPT -- --only PART` */
export async function proveParts(script: string, lanes: readonly Parts[], afterwards: Parts): Promise<void> {
  const full = process.argv.includes('--full');
  const only = process.argv.includes('--only') ? process.argv[process.argv.indexOf('--only') + 1] : undefined;
  const names = [...lanes, afterwards].flatMap((parts) => Object.keys(parts));
  if (only !== undefined && !names.includes(only)) {
    console.error(`there is no part '${only}'; they are ${names.join(', ')}`);
    process.exit(64);
  }
  const { counted: proof, text: kills } = countingKills(report());

  const proveAll = async (parts: Parts): Promise<void> => {
    for (const [name, prove] of Object.entries(parts)) {
      if (only !== undefined && name !== only) continue;
      const { held, say } = inOnePiece(proof);
      const began = performance.now();
      console.error(`${name} begins`);
      try {
        await prove(only === undefined ? held : proof, full);
      } catch (error) {
        // What came after it was not proved.
        held.row(`${name} ended before its end`, `npm run ${script} -- --only ${name}`, 'itself', error as Error);
      }
      say();
      console.error(`${name} took ${Math.round((performance.now() - began) / 1000)} s`);
    }
  };

  await Promise.all(lanes.map(proveAll));
  await proveAll(afterwards);
  console.log(`\n${kills()}`);
  process.exitCode = proof.end();
}
