// Paths as patterns of rsync(1): a backslash stands for itself in a pattern without wildcards, and for nothing but an escape in one that has any.

/** @param wild what is added behind the path with its wildcards as they are: `/***` */
export function patternOf(path: string, wild = ''): string {
  const isWild = /[[*?]/.test(path + wild);
  return (isWild ? path.replace(/[[\]*?\\]/g, '\\$&') : path) + wild;
}

/** Of what lies below `root`, the file or folder at `path` alone, with the folders that lead to it. */
export function onlyBelow(root: string, path: string): readonly string[] {
  const names = path.split('/');
  const way = names.slice(0, -1).map((_, nth) => `${root}/${names.slice(0, nth + 1).join('/')}/`);
  const wanted = `${root}/${path}`;
  const includes = [...way.map((one) => patternOf(one)), patternOf(wanted), patternOf(wanted, '/***')];
  return [...includes.map((one) => `--include=${one}`), `--exclude=${patternOf(root, '/**')}`];
}
