// What a server said when it said no, out of the many places where it may say it (facts: pve-api section 1 "Errors", pbs-api
// section 1): PVE in `message`, before 8.3 only in the reason phrase; PBS as plain text under a JSON content type; a 400 or
// 403 wrapped into a 500; parameters in an `errors` map, in `name: reason` lines, or in `- 'name': why` lines.
import type { Product } from './api.ts';
import { isRow, text } from './decode.ts';
import { parseJson } from './json.ts';

export type Said = Readonly<{
  product: Product;
  /** as meant: a 500 that begins with `400 ` is a 400 */
  status: number;
  text: string;
  /** by parameter */
  errors: Readonly<Record<string, string>>;
}>;

export function saidInAnswer(product: Product, status: number, phrase: string, body: string): Said {
  const parsed = parseJson(Buffer.from(body));
  const value = parsed.kind === 'value' && isRow(parsed.value) ? parsed.value : undefined;
  if (value === undefined) return saidInText(product, status, body.trim() || phrase);
  const said = saidInText(product, status, text(value.message) ?? phrase);
  const errors = isRow(value.errors) ? value.errors : {};
  return { ...said, errors: { ...said.errors, ...mapped(errors, (reason) => text(reason)?.trim() ?? '') } };
}

/** From text alone: a plain body, a reason phrase, or what `pvesh` printed. */
export function saidInText(product: Product, status: number, whole: string): Said {
  const trimmed = whole.trim();
  const wrapped = /^(400|403) (.*)$/s.exec(trimmed);
  const said = wrapped?.[2] ?? trimmed;
  return {
    product,
    status: wrapped === null ? status : Number(wrapped[1]),
    text: said,
    errors: errorLines(said),
  };
}

function errorLines(said: string): Readonly<Record<string, string>> {
  const [head = '', ...lines] = said.split('\n');
  if (!/^parameter verification failed/i.test(head)) return {};
  const single = /^parameter verification failed - '([^']+)': (.*)$/is.exec(said);
  if (single?.[1] !== undefined && single[2] !== undefined) return { [single[1]]: single[2].trim() };
  const found = lines.flatMap((line) => {
    const [, quoted, bare, reason = ''] = /^\s*(?:-\s*'([^']+)'|([A-Za-z][\w.-]*)):\s*(.*)$/.exec(line) ?? [];
    const parameter = quoted ?? bare;
    return parameter === undefined ? [] : [[parameter, reason.trim()] as const];
  });
  return Object.fromEntries(found);
}

const mapped = (from: Readonly<Record<string, unknown>>, change: (value: unknown) => string) =>
  Object.fromEntries(Object.entries(from).map(([key, value]) => [key, change(value)]));
