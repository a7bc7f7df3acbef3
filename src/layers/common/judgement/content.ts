// What a few blocks of a file say of its content, before and after. Pure.

/** Of a block: how long it is, how many bits a byte of it holds (0 to 8), whether it is nothing but zeros. */
export type Block = Readonly<{ bytes: number; entropy: number; zero: boolean }>;
/** `rest`: from its middle and its end, where the head is not all of it. */
export type Sampled = Readonly<{ size: number; head: Block; rest: Block | undefined; begins: Buffer }>;

export type Content = 'scrambled' | 'zeroed' | 'emptied' | 'as ever' | 'unclear';

/** What files of a kind begin with, in hex; `....` is any byte. What is compressed by its kind is told from noise by this alone. */
const kinds = [
  ...['ffd8ff', '89504e47', '47494638', '424d', '49492a00', '4d4d002a', '38425053', '00000100', '41542654'],
  ...['........66747970', '1a45dfa3', '52494646', '4f676753', '664c6143', '494433', 'fffb', 'fff3', 'fff2', '000001ba'],
  ...['25504446', 'd0cf11e0a1b11ae1', '7b5c727466', '504b0304', '504b0506', '504b0708', '3c3f786d6c', 'efbbbf'],
  ...[
    '1f8b',
    '425a68',
    'fd377a585a00',
    '28b52ffd',
    '377abcaf271c',
    '526172211a07',
    '04224d18',
    '5d0000',
    '1f9d',
    '1fa0',
  ],
  ...['7801', '785e', '789c', '78da', '5041434b', 'ff744f63', '44495243'],
  ...['53514c69746520666f726d6174203300', '5047444d50', '50415231', '4f626a01', '456c6646696c65'],
  ...['7f454c46', '4d5a', 'cafebabe', 'cffaedfe', '774f4646', '774f4632', '0061736d', '00010000'],
  ...['514649fb', '4b444d', '7668647866696c65', '4c554b53babe', '03d9a29a'],
].map((hex) => new RegExp(`^${hex}`));

/** What is encrypted, whatever its bytes look like: openssl enc, age, OpenPGP as text, and two of those who demand money. */
const sealed = ['Salted__', 'age-encryption.org/', '-----BEGIN PGP MESSAGE', '-----BEGIN AGE', 'WANACRY!', 'ENCRYPTED'];

const isOfAKind = ({ begins }: Sampled): boolean => {
  const hex = begins.toString('hex');
  return kinds.some((kind) => kind.test(hex));
};
const isSealed = ({ begins }: Sampled): boolean => sealed.some((mark) => begins.toString('latin1').startsWith(mark));

const tooShort = 128;
/** Text has 4 to 5 bits a byte, base64 6, programs 5 to 7. */
const tolerance = 0.35;
const isNoise = ({ bytes, entropy }: Block): boolean => bytes >= tooShort && entropy >= noiseOf(bytes) - tolerance;

const memory = new Map<number, number>();

/** The bits a byte of random bytes are expected to show: a short block cannot show all 8. */
export function noiseOf(bytes: number): number {
  const known = memory.get(bytes);
  if (known !== undefined) return known;
  let [chance, sum] = [(255 / 256) ** bytes, 0];
  for (let times = 1; times <= bytes; times += 1) {
    chance *= (bytes - times + 1) / times / 255;
    sum += chance * times * Math.log2(times);
  }
  const expected = Math.log2(bytes) - (256 * sum) / bytes;
  memory.set(bytes, expected);
  return expected;
}

const isZero = ({ head, rest }: Sampled): boolean => head.zero && (rest?.zero ?? true);

export function contentOf(before: Sampled, after: Sampled): Content {
  if (after.size === 0) return before.size === 0 ? 'as ever' : 'emptied';
  if (isZero(after)) return before.size === 0 || isZero(before) ? 'as ever' : 'zeroed';
  if (isSealed(after)) return isSealed(before) ? 'as ever' : 'scrambled';
  if (isOfAKind(after)) return 'as ever';
  if (isOfAKind(before)) return after.head.bytes < tooShort ? 'unclear' : lostItsKind(after);
  if (before.head.bytes < tooShort || after.head.bytes < tooShort) return 'unclear';
  if (before.head.zero || isNoise(before.head)) return 'as ever';
  if (isNoise(after.head)) return 'scrambled';
  const [had, has] = [before.rest, after.rest];
  return had !== undefined && has !== undefined && !had.zero && !isNoise(had) && isNoise(has) ? 'scrambled' : 'as ever';
}

/** Noise, or letters that stand for noise (base64): what was a picture is none now. */
const lostItsKind = ({ head }: Sampled): Content =>
  isNoise(head) || (head.entropy > 5.85 && head.entropy <= 6.05) ? 'scrambled' : 'as ever';

/** Of a file that has no earlier content: noise of no kind that is known. */
export const isUnreadable = (after: Sampled): boolean =>
  after.size > 0 && (isSealed(after) || (!isOfAKind(after) && isNoise(after.head)));
