// How a program is started: as whom, with which variables and secrets. A secret comes by the standard input of a small shell, which
// gives it to the program alone: it is in no argument, and in no environment but the program's own.
import type { World } from '../../contracts/world.ts';
import type { Argv, RunOptions } from '../../machines/machine.ts';
import { redactor, type Secret } from '../../values/secret.ts';
import type { Command } from './schema.ts';

/** Whom a secret for a program is for. */
const audience = 'command';

/**
 * A line of the input for each name, in octal, so that a secret may have any bytes; `_` keeps the line ends at its end, which a shell
 * would cut off. Then the exit codes that are well.
 */
const script = `holdfast_names=$1 holdfast_codes=$2 holdfast_input=$3; shift 3
(
  while [ "$holdfast_names" -gt 0 ]; do
    IFS= read -r holdfast_line || exit 125
    holdfast_line=$(printf '%b_' "$holdfast_line")
    export "$1=\${holdfast_line%_}"
    shift
    holdfast_names=$((holdfast_names - 1))
  done
  unset holdfast_line
  if [ "$holdfast_input" = kept ]; then exec "$@"; else exec "$@" </dev/null; fi
)
holdfast_ended=$?
for holdfast_one in $holdfast_codes; do [ "$holdfast_ended" != "$holdfast_one" ] || exit 0; done
[ "$holdfast_ended" != 0 ] || { echo 'it ended with 0, and that is not among its allowed_exit_codes' >&2; exit 124; }
exit "$holdfast_ended"`;

export type Started = Readonly<{
  argv: Argv;
  options: RunOptions;
  /** what goes before anything else into its standard input */
  handed: string;
  /** without its secrets, whatever it says */
  redact(text: string): string;
}>;

/** @param codes that are well; @param input whether the program reads what comes behind the secrets */
export async function started(
  command: Command,
  words: Argv,
  { codes, input }: Readonly<{ codes: readonly number[]; input: 'kept' | 'none' }>,
  { world, signal }: Readonly<{ world: World; signal: AbortSignal }>,
): Promise<Started> {
  const { as, environment = {}, secrets = [] } = command;
  const handed: Secret[] = [];
  for (const { from } of secrets) handed.push(await world.secret(from, audience));
  const whole = as === undefined ? words : ['runuser', '-u', as, '--', ...words];
  const names = secrets.map(({ name }) => name);
  return {
    argv: ['sh', '-c', script, 'holdfast', String(names.length), codes.join(' '), input, ...names, ...whole],
    options: { signal, env: environment },
    handed: handed.map((secret) => `${inOctal(secret.revealTo(audience))}\n`).join(''),
    redact: redactor(handed),
  };
}

/** As `%b` of printf(1) reads it: \\0ooo. */
const inOctal = (text: string): string =>
  [...Buffer.from(text)].map((byte) => `\\0${byte.toString(8).padStart(3, '0')}`).join('');
