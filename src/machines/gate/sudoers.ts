// What sudo is told there (sudoers(5), regular expressions since 1.9.10). Never a glob: `--config`, `-o bind` and `-e` are root by
// argument. sudo joins the arguments with blanks before it compares, so the gate has looked at each of them before.
import { type GateSettings, type MadeVerb, verbsFor, type Word } from './table.ts';

/** sudo takes no longer one (sudoers(5)). */
export const longestExpression = 1024;

export function sudoersText(user: string, settings: GateSettings): string {
  const lines = verbsFor(settings)
    .filter(({ sudo }) => sudo)
    .map((verb) => sudoersLine(user, verb));
  return [
    '# Written by Holdfast (holdfast install-gate). What is changed here by hand is replaced by the next installation.',
    `Defaults:${user} env_reset, !setenv, !requiretty, secure_path="/usr/sbin:/usr/bin:/sbin:/bin"`,
    // Without it LVM complains on every command about the pipes that are ours.
    `Defaults:${user} env_keep = "LVM_SUPPRESS_FD_WARNINGS HOLDFAST_RUN"`,
    ...lines,
    '',
  ].join('\n');
}

export function sudoersLine(user: string, verb: MadeVerb): string {
  const fixed = verb.arguments.map(expressionOf).join(' ');
  const repeated = verb.repeated.length === 0 ? '' : `( ${verb.repeated.map(expressionOf).join(' ')})+`;
  return `${user} ALL=(root) NOPASSWD: ${verb.program} ^${fixed}${repeated}$`;
}

const expressionOf = (word: Word): string => ('pattern' in word ? word.pattern : literally(word.word));

const literally = (text: string): string =>
  text
    .replace(/[.[\]{}()*+?$|]/g, (one) => (one === ']' || one === '[' ? `\\${one}` : `[${one}]`))
    .replace(/[\\^](?![[\]])/g, '\\$&');
