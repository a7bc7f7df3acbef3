// The bundle is CommonJS: a short command of 2 MB starts in four fifths of the time it takes as an ES module (measured with
// bench/start.ts, Node 24). CommonJS cannot wait at its top level, as src/main.ts does; so that part moves into a function.
import { readFile } from 'node:fs/promises';
import type { Plugin } from 'esbuild';

const lastImport = /^import [^;]*;\n(?![\s\S]*^import )/m;

/** An ES module whose top level never gets done ends with 13; the function must not end with 0 there. */
export const waitingInside = (text: string): string =>
  text.replace(lastImport, (line) => `${line}process.exitCode = 13;\n(async () => {`).concat('})();\n');

export const entryThatWaits: Plugin = {
  name: 'entry that waits',
  setup: ({ onLoad }) =>
    onLoad({ filter: /\/src\/main\.ts$/ }, async ({ path }) => ({
      contents: waitingInside(await readFile(path, 'utf8')),
      loader: 'ts',
    })),
};
