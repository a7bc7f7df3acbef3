// A disk image with files of every kind in it, and what may be asked of it while it is protected and restored.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Estate, estateIn, photosEstate, treeIn, until } from '../../test/e2e/estate.test-support.ts';

export const say = (holds: boolean, otherwise: string): true | Error => holds || new Error(otherwise.slice(0, 800));

export type Place = Estate & Readonly<{ tree: string; image: string; copies: string; back: string }>;

/** `small` files make walking, unpacking and comparing long enough to be killed in; `big` mebibytes make the stream. */
export function placeWith(small: number, big: number): Place {
  const estate = estateIn(photosEstate('proof'), 'proof');
  const [tree = '', image = '', copies = '', back = ''] = ['tree', 'photos.img', 'copies', 'back'].map((name) =>
    join(estate.folder, name),
  );
  treeIn(
    tree,
    Object.fromEntries(Array.from({ length: small }, (_, index) => [`many/${index % 100}/${index}`, `${index}`])),
  );
  mkdirSync(tree, { recursive: true });
  if (big > 0)
    execFileSync('dd', ['if=/dev/urandom', `of=${join(tree, 'big')}`, 'bs=1M', `count=${big}`, 'status=none']);
  return { ...estate, tree, image, copies, back };
}

export const sha256 = (file: string): string =>
  execFileSync('sha256sum', ['-b', file], { encoding: 'utf8' }).replace(/^\\/, '').slice(0, 64);

export const sealed = ({ copies }: Place): readonly string[] =>
  existsSync(copies)
    ? readdirSync(copies, { recursive: true })
        .map(String)
        .filter((name) => name.endsWith('manifest.json') && !name.includes('.partial'))
        .map((name) => join(copies, name, '..'))
    : [];

/** The moment at which that share of the archive is written. */
export const streamed = (place: Place, share: number): Promise<string> => {
  const whole = statSync(join(place.tree, 'big')).size;
  return until(`${share * 100} % of the stream`, () => {
    const partial = existsSync(place.copies)
      ? readdirSync(place.copies, { recursive: true })
          .map(String)
          .find((name) => /\.partial-.*contents\.tar$/.test(name))
      : undefined;
    if (partial === undefined) return undefined;
    const size = statSync(join(place.copies, partial), { throwIfNoEntry: false })?.size ?? 0;
    return size >= whole * share ? place.journal((runs) => runs[0]?.id) : undefined;
  });
};
