// The shape of every command: what it is called, what it takes, and `run`, which gives one value. The value is printed once,
// as text for people or as JSON; nothing else prints to the output. Progress and questions go to the errors' side.
import type { Exit } from '../fault.ts';
import type { Surroundings } from '../surroundings.ts';
import type { Paint } from '../values/paint.ts';

export type Option = Readonly<{
  /** as commander reads it: `--out <file>`, `--yes`, `--confirm <name...>` */
  flags: string;
  says: string;
}>;

export type Given = Readonly<{
  estate: string | undefined;
  state: string | undefined;
  guard: string | undefined;
  json: boolean;
  verbose: boolean;
}>;

export type Invocation = Readonly<{
  surroundings: Surroundings;
  given: Given;
  arguments: readonly string[];
  options: Readonly<Record<string, unknown>>;
  paint: Paint;
  /** one overwritten row on a terminal, nothing when piped; for anything over a second */
  show(row: string): void;
  /** a line for people beside the answer: on the errors' side, and never with `--json` */
  say(line: string): void;
}>;

export type Answer<Value = unknown> = Readonly<{
  exit: Exit;
  /** what `--json` prints: one of answers.ts */
  value: Value;
  text: string;
}>;

export type Command<Value = unknown> = Readonly<{
  name: string;
  says: string;
  /** as commander reads them: `[run]`, `<workload>` */
  arguments?: string;
  options?: readonly Option[];
  /** exits and examples, shown by `--help` */
  more?: string;
  run(invocation: Invocation): Promise<Answer<Value>>;
}>;

export const flag = (invocation: Invocation, name: string): boolean => invocation.options[name] === true;

export function optionText(invocation: Invocation, name: string): string | undefined {
  const value = invocation.options[name];
  return typeof value === 'string' ? value : undefined;
}

export function optionList(invocation: Invocation, name: string): readonly string[] {
  const value = invocation.options[name];
  return Array.isArray(value) ? value.map(String) : [];
}
