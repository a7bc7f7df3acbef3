// The first hundred bytes of a database file (sqlite.org/fileformat2.html, 1.3): what tells a database from something that
// only begins like one. Pure.

const magic = Buffer.from('SQLite format 3\0');
const headerBytes = 100;

export type Header =
  | Readonly<{ is: 'database'; pageSize: number; writeAheadLog: boolean }>
  /** begins like a database, and cannot be read as one; `says` why, for people */
  | Readonly<{ is: 'encrypted' | 'something else'; says: string }>;

export function readHeader(header: Uint8Array): Header {
  const bytes = Buffer.from(header);
  if (bytes.length < headerBytes || !bytes.subarray(0, magic.length).equals(magic))
    return { is: 'something else', says: 'it does not begin as a database does' };
  const pageSize = pageSizeOf(bytes.readUInt16BE(16));
  const payload = bytes.subarray(21, 24).equals(Buffer.of(64, 32, 32));
  if (pageSize === undefined || !payload)
    return { is: 'something else', says: 'it begins with the name of the format, and what follows is no database' };
  // SQLCipher can leave a header readable (cipher_plaintext_header_size: 16 to 32 bytes); what SQLite itself keeps at zero is then
  // as random as all the rest.
  if (bytes.subarray(72, 92).some((byte) => byte !== 0))
    return { is: 'encrypted', says: 'its header is readable, and the rest of it is not: it is encrypted' };
  return { is: 'database', pageSize, writeAheadLog: bytes[18] === 2 || bytes[19] === 2 };
}

function pageSizeOf(written: number): number | undefined {
  if (written === 1) return 65536;
  return written >= 512 && written <= 32768 && (written & (written - 1)) === 0 ? written : undefined;
}
