// What can be known of the secrets that go with a declared thing, which no server shows: whether they are still those that
// were last written. By the server's own parameter names.
export type SecretsNow = Readonly<{
  /** another one is declared than was last written */
  changed: readonly string[];
  /** never written by Holdfast: nothing can be said of it */
  unknown: readonly string[];
  /** made by a server, and not in the file it is to be kept in */
  unsaved: readonly string[];
  /** could not be opened */
  unread: readonly Readonly<{ parameter: string; says: string }>[];
  /** fingerprints of the encryption keys among them: a server shows that of the key it holds */
  keys?: Readonly<Record<string, string>>;
}>;

export const secretsAsWritten: SecretsNow = { changed: [], unknown: [], unsaved: [], unread: [] };
