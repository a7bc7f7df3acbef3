/** Of `4.2.3` and `4.2`, number by number. */
export function isAtLeast(version: string, floor: string): boolean {
  const had = version.split('.').map(Number);
  for (const [at, part] of floor.split('.').map(Number).entries()) if (had[at] !== part) return (had[at] ?? 0) > part;
  return true;
}
