// What has to be true for a row, each by its name; which of them was not is then what the row says.
export function holds(claims: Readonly<Record<string, boolean>>, seen: string): true | Error {
  const broken = Object.entries(claims).flatMap(([name, is]) => (is ? [] : [name]));
  return broken.length === 0 || new Error(`not so: ${broken.join('; ')} | ${seen}`.slice(0, 1500));
}

export const sameList = (one: readonly string[], other: readonly string[]): boolean =>
  JSON.stringify([...one].sort()) === JSON.stringify([...other].sort());
