// Which files are worth to be read around their holes. Digests of such files are other ones, so that whoever writes a listing and whoever
// reads it must not differ in this: find, perl and we ask the same.
const large = 256 * 1024 * 1024;
const part = 0.9;

/** For find(1): above it, in its own unit of KiB, rounded up. */
export const largeForFind = `+${large / 1024}k`;

/** @param taken on its disk */
export const isHoley = (size: number, taken: number): boolean => size > large && taken < size * part;

/** The same of two expressions of perl. */
export const holeyInPerl = (size: string, taken: string): string =>
  `(${size} > ${large} && ${taken} < ${size} * ${part})`;
