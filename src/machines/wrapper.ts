// A command on a machine that is entered by a command, as a script for its /bin/sh (dash, bash, busybox, FreeBSD's sh). The
// script says when the command begins and how it ended, so that its end is told from the end of the connection, and
// whatever a login shell prints before is told from its output.
import { quoted } from '../values/shell.ts';
import type { Argv } from './machine.ts';
import { searchFolders, searchPath } from './search-path.ts';

/** What tells one command's beginning and end from anything that commands print. */
export type Marks = Readonly<{ begins: string; ends: string }>;

export const marksOf = (nonce: string): Marks => ({
  begins: `holdfast-begins-${nonce}\n`,
  ends: `holdfast-ends-${nonce} `,
});

/**
 * The command is looked for here and not by the shell, which has commands of its own by some names. What the shell itself
 * says (`Killed`) is not what the command says.
 *
 * @param env the whole of it, but for PATH, LANG and HOME
 */
export function commandScript(argv: Argv, env: Readonly<Record<string, string>>, { begins, ends }: Marks): string {
  const [command, ...rest] = argv;
  const given = Object.entries({ PATH: searchPath, LANG: 'C.UTF-8', ...env }).map(
    ([name, value]) => `${name}=${value}`,
  );
  const said = (text: string) => `printf '%s\\n' ${quoted(text.replace(/\n$/, ''))}`;
  return [
    `${said(begins)}; ${said(begins)} >&2; exec 3>&2 2>/dev/null; cd /; f=`,
    `for c in ${candidates(command).map(quoted).join(' ')}; do if [ -f "$c" ] && [ -x "$c" ]; then f=$c; break; fi; done`,
    `if [ -z "$f" ]; then ${said(`${ends}missing`)} >&3; exit 127; fi`,
    // env(1) takes a word with = in it for one more variable.
    `case $f in *=*) w=1 ;; *) w= ;; esac`,
    // In a shell of its own: dash redirects what itself says as well, while it waits for a command.
    `(exec env -i HOME="\${HOME:-/}" ${given.map(quoted).join(' ')} \${w:+sh -c 'exec "$0" "$@"'} ` +
      `"$f" ${rest.map(quoted).join(' ')} 2>&3 3>&-)`,
    `printf '%s%d\\n' ${quoted(ends)} $? >&3`,
  ].join('\n');
}

function candidates(command: string): readonly string[] {
  if (command.startsWith('/')) return [command];
  return command.includes('/') ? [] : searchFolders.map((folder) => `${folder}/${command}`);
}

/**
 * The script as one line for whatever login shell an account has: csh knows no newline between quotes, fish escapes by
 * other rules. What all of them leave alone stays as it is, the rest is written in octal for printf(1).
 */
export function throughLoginShell(script: string): string {
  const bytes = [...Buffer.from(script)];
  const written = bytes.map((byte) => {
    const character = String.fromCharCode(byte);
    return plain.test(character) ? character : `\\${byte.toString(8).padStart(3, '0')}`;
  });
  return `exec /bin/sh -c 'eval "$(printf "${written.join('')}")"'`;
}

const plain = /[A-Za-z0-9 _/.,:;=@+(){}<>|&~#?*[\]^-]/;
