// One file from the chunks of a build, each kept as text until it is asked for: to V8 a text is a fraction of the work of code that it
// looks through, and 3.5 MB of code cost every command a tenth of a second.
import { transform } from 'esbuild';

export type Chunk = Readonly<{ name: string; text: string }>;

/** CommonJS that runs `entry`; the chunks are ES modules that import each other as `./NAME`. */
export async function sectioned(chunks: readonly Chunk[], entry: string, lineLimit: number): Promise<string> {
  const sections = await Promise.all(
    chunks.map(async ({ name, text }) => `${quoted(name)}: () => ${quoted(await asCommonJs(text, lineLimit))},\n`),
  );
  return `${before}${sections.join('')}${after}load(${quoted(`./${entry}`)});\n`;
}

const quoted = (text: string): string => JSON.stringify(text);

async function asCommonJs(text: string, lineLimit: number): Promise<string> {
  const { code } = await transform(text, {
    ...{ format: 'cjs', platform: 'node', target: 'node24', lineLimit, minifyWhitespace: true, legalComments: 'none' },
    // An import() would look for a file.
    supported: { 'dynamic-import': false },
    define: { 'import.meta.url': 'bundleUrl' },
  });
  return `'use strict';${code}`;
}

// Each text is in a function, so that V8 makes a value of it only when it is asked for.
const before = `'use strict';
const { compileFunction } = require('node:vm');
const bundleUrl = require('node:url').pathToFileURL(__filename).href;
const sections = {
`;

// In a stack trace a section is a name below the bundle.
const after = `};
const loaded = new Map();
function load(path) {
  const name = path.slice(2);
  if (!path.startsWith('./') || !Object.hasOwn(sections, name)) return require(path);
  const known = loaded.get(name);
  if (known !== undefined) return known.exports;
  const module = { exports: {} };
  loaded.set(name, module);
  const names = ['require', 'module', 'exports', 'bundleUrl'];
  const run = compileFunction(sections[name](), names, { filename: __filename + '/' + name });
  try {
    run(load, module, module.exports, bundleUrl);
  } catch (error) {
    loaded.delete(name);
    throw error;
  }
  return module.exports;
}
`;
