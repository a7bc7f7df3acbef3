// The path of a file with every link in it followed, so that one file has one name.
import { dirname, resolve } from 'node:path';
import type { EstateFiles } from './source.ts';

// As the kernel: a chain longer than this is a circle.
const mostLinks = 40;

/** The path itself where nothing is there; undefined where links lead in a circle. */
export async function realPath(path: string, files: EstateFiles): Promise<string | undefined> {
  let rest = resolve(path)
    .split('/')
    .filter((part) => part !== '');
  let real = '';
  let links = 0;
  while (rest.length > 0) {
    const [part = '', ...others] = rest;
    const here = `${real}/${part}`;
    const found = await files.info(here);
    if (found?.type === 'link' && found.target !== undefined) {
      links += 1;
      if (links > mostLinks) return undefined;
      rest = [
        ...resolve(dirname(here), found.target)
          .split('/')
          .filter((each) => each !== ''),
        ...others,
      ];
      real = '';
    } else {
      real = here;
      rest = others;
    }
  }
  return real === '' ? '/' : real;
}
