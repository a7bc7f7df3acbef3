// The verbs of every config file made of sections: a kind says where its entries are and what is special about them, and
// what a list, a read, a creation, a change and a removal do is the same for all (facts: pbs-api section 1).
import { digestOf, refuseStaleDigest, secretName, underLock } from '../config-file.ts';
import type { ConfigFile } from '../config-file-names.ts';
import { answerWith, type Outcome, type PbsCall, type PbsHandlers, type PbsHost, required } from '../host.ts';
import { badParameters, badRequest, notFound, type PbsRefusal } from '../refusal.ts';
import type { Options, PbsState, Section } from '../state.ts';
import { withWrittenRates } from '../texts.ts';

type Verb = 'GET' | 'PUT' | 'DELETE';
type At<Given extends readonly unknown[], Result> = (host: PbsHost, call: PbsCall, ...given: Given) => Result;

export type Kind = Readonly<{
  file: ConfigFile;
  /** `/config/verify` */
  path: string;
  /** the parameter that names an entry */
  id: 'id' | 'name';
  /** as PBS calls one in `no such remote 'x'` */
  noun: string;
  /** all sections of the file; names are unique among them */
  entries: (state: PbsState) => Section[];
  /** which of them are of this kind, where the file has several */
  type?: string;
  /** verbs that answer an unknown name with 404; the others say 400 */
  notFoundOn: readonly Verb[];
  /** parameters that are never given back, and are kept apart from the state */
  writeOnly?: readonly string[];
  /** what is not in the file, yet there */
  builtIn?: readonly Section[];
  /** names that are taken without standing in the file */
  reserved?: readonly string[];
  /** the list without what this login or this question leaves out */
  listed?: At<[entry: Section], boolean>;
  /** these throw what a call is refused with; creating is asked before the lock, as nothing has to be read for it */
  mayRead?: At<[entry: Section], void>;
  mayCreate?: At<[options: Options], void>;
  mayChange?: At<[after: Options, before: Section], void>;
  mayRemove?: At<[entry: Section], void>;
  /** what is given, as the file keeps it */
  kept?: (given: Options) => Options;
  /** secrets that are part of another parameter go onto the shelf here */
  shelve?: At<[id: string], void>;
  /** after a change, to the entry itself */
  changed?: At<[entry: Section, before: Options], void>;
  /** the answer, where it is not the options as they are */
  shown?: (options: Options, entry: Section) => Readonly<Record<string, unknown>>;
}>;

const ofKind = (kind: Kind, entry: Section): boolean => kind.type === undefined || entry.type === kind.type;

/** Those of the file, and built-in ones that nobody has changed. */
export function entriesOf(kind: Kind, state: PbsState): readonly Section[] {
  const inFile = kind.entries(state).filter((entry) => ofKind(kind, entry));
  const builtIn = (kind.builtIn ?? []).filter((entry) => !inFile.some(({ id }) => id === entry.id));
  return [...inFile, ...builtIn];
}

export function entryNamed(kind: Kind, state: PbsState, id: string, verb: Verb): Section {
  const found = entriesOf(kind, state).find((entry) => entry.id === id);
  if (found === undefined) throw unknownEntry(kind, id, verb);
  return found;
}

const unknownEntry = ({ noun, notFoundOn }: Kind, id: string, verb: Verb): PbsRefusal =>
  notFoundOn.includes(verb) ? notFound(`${noun} '${id}' does not exist.`) : badRequest(`no such ${noun} '${id}'`);

const shownAs = (kind: Kind, entry: Section) => ({
  [kind.id]: entry.id,
  ...(kind.shown === undefined ? entry.options : kind.shown(entry.options, entry)),
});

/** What is sent, as the file keeps it, without what is write-only. */
function givenOptions(kind: Kind, call: PbsCall): Options {
  const given: Options = {};
  for (const [name, value] of Object.entries(call.params))
    if (![kind.id, 'digest', 'delete', ...(kind.writeOnly ?? [])].includes(name)) given[name] = value;
  const options = withWrittenRates(given);
  return kind.kept === undefined ? options : kind.kept(options);
}

function putSecrets({ file, writeOnly = [], shelve }: Kind, host: PbsHost, id: string, call: PbsCall): void {
  for (const name of writeOnly)
    if (call.params[name] !== undefined) host.secrets.put(secretName(file, id, name), String(call.params[name]));
  shelve?.(host, call, id);
}

function dropSecrets({ file }: Kind, host: PbsHost, id: string, fields: readonly string[] | 'all'): void {
  const start = secretName(file, id, '');
  const isOf = (field: string): boolean =>
    fields === 'all' || fields.some((one) => field === one || field.startsWith(`${one} `));
  for (const name of host.secrets.names())
    if (name.startsWith(start) && isOf(name.slice(start.length))) host.secrets.drop(name);
}

/** Trimmed, and gone where nothing is left of it. */
export function withTrimmedComment({ ...options }: Options): Options {
  if (options['comment'] === undefined) return options;
  options['comment'] = String(options['comment']).trim();
  if (options['comment'] === '') delete options['comment'];
  return options;
}

async function create(kind: Kind, host: PbsHost, call: PbsCall): Promise<Outcome> {
  const id = required(call.params, kind.id);
  const options = givenOptions(kind, call);
  kind.mayCreate?.(host, call, options);
  await underLock(host, call, kind.file, () => {
    const all = kind.entries(host.state);
    if (all.some((one) => one.id === id) || kind.reserved?.includes(id) === true)
      throw badParameters([[kind.id, `${kind.noun} '${id}' already exists.`]]);
    const entry: Section = { id, ...(kind.type === undefined ? {} : { type: kind.type }), options };
    putSecrets(kind, host, id, call);
    all.push(entry);
    kind.changed?.(host, call, entry, {});
  });
  return answerWith(null);
}

async function update(kind: Kind, host: PbsHost, call: PbsCall): Promise<Outcome> {
  const id = required(call.params, kind.id);
  await underLock(host, call, kind.file, () => {
    refuseStaleDigest(host, call, kind.file);
    const entry = entryNamed(kind, host.state, id, 'PUT');
    const before = { ...entry.options };
    const left = { ...before };
    const { delete: unset } = call.params;
    const unsets = Array.isArray(unset) ? unset : [];
    for (const name of unsets) delete left[name];
    const given = givenOptions(kind, call);
    const options: Options = { ...left, ...given };
    // An empty comment clears the one that was there, where PBS trims comments.
    if (call.params['comment'] !== undefined && given['comment'] === undefined) delete options['comment'];
    kind.mayChange?.(host, call, options, entry);
    dropSecrets(kind, host, id, unsets);
    putSecrets(kind, host, id, call);
    const all = kind.entries(host.state);
    const changed = all.includes(entry) ? entry : { ...entry };
    if (changed !== entry) all.push(changed);
    changed.options = options;
    kind.changed?.(host, call, changed, before);
  });
  return answerWith(null);
}

async function remove(kind: Kind, host: PbsHost, call: PbsCall): Promise<Outcome> {
  const id = required(call.params, kind.id);
  await underLock(host, call, kind.file, () => {
    refuseStaleDigest(host, call, kind.file);
    const entry = entryNamed(kind, host.state, id, 'DELETE');
    kind.mayRemove?.(host, call, entry);
    const all = kind.entries(host.state);
    if (all.includes(entry)) all.splice(all.indexOf(entry), 1);
    dropSecrets(kind, host, id, 'all');
  });
  return answerWith(null);
}

export function sectionHandlers(kind: Kind): PbsHandlers {
  const { file, path, id } = kind;
  const one = `${path}/{${id}}`;
  return {
    [`GET ${path}`]: (host, call) => {
      const seen = entriesOf(kind, host.state).filter((entry) => kind.listed?.(host, call, entry) ?? true);
      const rows = host.chance.shuffled(seen).map((entry) => shownAs(kind, entry));
      return answerWith(rows, { digest: digestOf(host, file) });
    },
    [`POST ${path}`]: (host, call) => create(kind, host, call),
    [`GET ${one}`]: (host, call) => {
      const entry = entryNamed(kind, host.state, required(call.params, id), 'GET');
      kind.mayRead?.(host, call, entry);
      return answerWith(shownAs(kind, entry), { digest: digestOf(host, file) });
    },
    [`PUT ${one}`]: (host, call) => update(kind, host, call),
    [`DELETE ${one}`]: (host, call) => remove(kind, host, call),
  };
}
