// The one table of the narrow gate (threat model 3.2): role, verb, program, and a pattern for each argument. What the gate on the
// machine checks, what sudo there allows and what is sent from here all follow from it; nothing is written twice.
import * as z from 'zod';
import written from './verbs.json' with { type: 'json' };

export const roles = ['observe', 'snap', 'copy'] as const;
export type Role = (typeof roles)[number];

const verb = z.strictObject({
  role: z.enum(roles),
  verb: z.string().regex(/^[a-z][a-z-]{0,40}$/),
  /** a program of the machine, or a script that is installed beside the gate */
  program: z.string().startsWith('/').optional(),
  script: z.string().optional(),
  sudo: z.boolean(),
  /** each a word as it stands, or `{name}` of a pattern */
  arguments: z.array(z.string()),
  /** after those, any number of times */
  repeated: z.array(z.string()).optional(),
});
const table = z.strictObject({ patterns: z.record(z.string(), z.string()), verbs: z.array(verb) }).parse(written);

/** What differs from machine to machine. */
export type GateSettings = Readonly<{
  /** whose volumes may be snapshotted, read and, where they are ours, removed */
  volumeGroups: readonly string[];
  /** folders that a run's mounts lie below there; a pattern */
  place: string;
  /** texts of scripts, by their name in the table; a verb whose script is not given is left out */
  scripts: Readonly<Record<string, string>>;
  /** where the gate and its scripts are installed */
  folder: string;
  /** programs of another place, for tests: the table's own path is replaced by it */
  programs?: Readonly<Record<string, string>>;
}>;

/** The folder of a run on a machine, where what it takes lies (apply/state.ts), or below /run. */
export const runPlaces = '(/run/holdfast/mnt|/var/lib/holdfast/[A-Za-z0-9_.%-]{1,80}/runs/[A-Za-z0-9-]{1,60}/taken)';
export const gateFolder = (user: string): string => `/usr/local/lib/${user}`;

export type Word = Readonly<{ word: string }> | Readonly<{ pattern: string }>;

/** A verb as one machine has it. */
export type MadeVerb = Readonly<{
  role: Role;
  verb: string;
  program: string;
  script: string | undefined;
  sudo: boolean;
  arguments: readonly Word[];
  repeated: readonly Word[];
}>;

export function verbsFor(settings: GateSettings): readonly MadeVerb[] {
  const groups = settings.volumeGroups.map((name) => name.replace(/[.+]/g, '[$&]'));
  const group = groups.length === 1 ? (groups[0] ?? '') : `(${groups.join('|')})`;
  const filled = (name: string): string => {
    const pattern = table.patterns[name];
    if (pattern === undefined) throw new Error(`the gate's table has no pattern ${name}`);
    return pattern.replaceAll('GROUP', group).replaceAll('PLACE', settings.place);
  };
  const wordOf = (text: string): Word => {
    const name = /^\{([a-z-]+)\}$/.exec(text)?.[1];
    return name === undefined ? { word: text } : { pattern: filled(name) };
  };
  return table.verbs.flatMap((one) => {
    if (one.script !== undefined && settings.scripts[one.script] === undefined) return [];
    const own = one.script === undefined ? (one.program ?? '') : `${settings.folder}/${one.script}`;
    return {
      ...{ role: one.role, verb: one.verb, script: one.script, sudo: one.sudo },
      program: settings.programs?.[own] ?? own,
      arguments: one.arguments.map(wordOf),
      repeated: (one.repeated ?? []).map(wordOf),
    };
  });
}

const fits = (word: Word, text: string): boolean =>
  'word' in word ? word.word === text : new RegExp(`^(?:${word.pattern})$`, 's').test(text) && !text.includes('\n');

/** Of a verb's words those that are no fixed ones, in order; undefined where it is not written so. */
function variableWords(verb: MadeVerb, words: readonly string[]): readonly string[] | undefined {
  const fixed = verb.arguments.length;
  const rest = words.length - fixed;
  const repeats = verb.repeated.length;
  if (rest < 0 || (repeats === 0 ? rest > 0 : rest % repeats !== 0 || rest === 0)) return undefined;
  const wanted = words.map((_, index) =>
    index < fixed ? verb.arguments[index] : verb.repeated[(index - fixed) % repeats],
  );
  if (!words.every((text, index) => wanted[index] !== undefined && fits(wanted[index], text))) return undefined;
  return words.filter((_, index) => 'pattern' in (wanted[index] ?? {}));
}

export type Request = Readonly<{ verb: MadeVerb; words: readonly string[] }>;

/** A command as a layer writes it, as a verb of the gate; else the verbs of that program, which are written otherwise. */
export function requestFor(
  { scripts }: Pick<GateSettings, 'scripts'>,
  verbs: readonly MadeVerb[],
  argv: readonly [string, ...string[]],
): Request | Readonly<{ program: string; near: readonly string[] }> {
  const { program, words } = scriptOf(scripts, argv) ?? { program: argv[0], words: argv.slice(1) };
  const known = verbs.filter((verb) => nameOf(verb) === program || verb.program === program);
  for (const verb of known) {
    const variable = variableWords(verb, words);
    if (variable !== undefined) return { verb, words: variable };
  }
  return { program, near: known.map(({ verb }) => verb) };
}

const nameOf = ({ script, program }: MadeVerb): string => script ?? program.slice(program.lastIndexOf('/') + 1);

/** `sh -c TEXT NAME …` with a text that is installed beside the gate is that script. */
function scriptOf(
  scripts: GateSettings['scripts'],
  [shell, option, text, , ...words]: readonly string[],
): Readonly<{ program: string; words: readonly string[] }> | undefined {
  if (shell !== 'sh' || option !== '-c') return undefined;
  const known = Object.entries(scripts).find(([, one]) => one === text);
  return known === undefined ? undefined : { program: known[0], words };
}
