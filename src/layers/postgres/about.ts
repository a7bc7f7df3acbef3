// What belongs to a database and is not in its dump, since pg_dump writes it only where the database keeps its name: how it was made,
// its settings, who may connect to it.
import * as z from 'zod';
import type { Json } from '../../values/canonical.ts';
import { identifier, literal } from './sql.ts';

const row = z.object({
  encoding: z.int(),
  datcollate: z.string(),
  datctype: z.string(),
  /** since 15: `c` libc, `i` ICU; since 17 `b` builtin */
  datlocprovider: z.string().optional(),
  /** 15 and 16, then `datlocale` */
  daticulocale: z.string().nullish(),
  datlocale: z.string().nullish(),
  datconnlimit: z.int(),
});

const about = z.object({
  row,
  encoding: z.string(),
  owner: z.string(),
  comment: z.string().nullable(),
  settings: z.array(z.object({ role: z.string().nullable(), settings: z.array(z.string()) })),
  /** null: as every database has them */
  grants: z
    .array(z.object({ grantee: z.string().nullable(), privilege: z.string(), grantable: z.boolean() }))
    .nullable(),
});
export type About = z.infer<typeof about>;

export const aboutOf = (value: Json | undefined): About => about.parse(value);

/** Asked within the database itself. */
export const aboutSql = `SELECT json_build_object('row', to_jsonb(pg_database), 'encoding', pg_encoding_to_char(encoding), 'owner', pg_get_userbyid(datdba),
  'comment', shobj_description(oid, 'pg_database'),
  'settings', coalesce((SELECT json_agg(json_build_object('role', CASE WHEN setrole = 0 THEN NULL ELSE pg_get_userbyid(setrole) END,
    'settings', setconfig) ORDER BY setrole) FROM pg_db_role_setting WHERE setdatabase = pg_database.oid), '[]'),
  'grants', CASE WHEN datacl IS NULL THEN NULL ELSE (SELECT json_agg(json_build_object('grantee', CASE WHEN grantee = 0 THEN NULL
    ELSE pg_get_userbyid(grantee) END, 'privilege', privilege_type, 'grantable', is_grantable)) FROM aclexplode(datacl)) END)
  FROM pg_database WHERE datname = current_database();`;

/** An empty database that is made as that one was. */
export function createSql(name: string, { row: made, encoding, owner }: About): string {
  const locale = made.datlocale ?? made.daticulocale;
  const provider = { c: 'libc', i: 'icu', b: 'builtin' }[made.datlocprovider ?? 'c'] ?? 'libc';
  const words = [
    `OWNER ${identifier(owner)} TEMPLATE template0 ENCODING ${literal(encoding)}`,
    `LC_COLLATE ${literal(made.datcollate)} LC_CTYPE ${literal(made.datctype)}`,
    ...(made.datlocprovider === undefined ? [] : [`LOCALE_PROVIDER ${provider}`]),
    ...(locale == null ? [] : [`${provider === 'icu' ? 'ICU_LOCALE' : 'BUILTIN_LOCALE'} ${literal(locale)}`]),
    `CONNECTION LIMIT ${made.datconnlimit}`,
  ];
  return `CREATE DATABASE ${identifier(name)} ${words.join(' ')};`;
}

/** What it had beside its content, given to one of another name. */
export function belongingsSql(name: string, { comment, settings, grants, owner }: About): string {
  const database = identifier(name);
  const statements = comment === null ? [] : [`COMMENT ON DATABASE ${database} IS ${literal(comment)};`];
  for (const { role, settings: each } of settings)
    for (const setting of each) {
      const at = setting.indexOf('=');
      const whose = role === null ? `DATABASE ${database}` : `ROLE ${identifier(role)} IN DATABASE ${database}`;
      statements.push(`ALTER ${whose} SET ${settingName(setting.slice(0, at))} TO ${valueSql(setting, at)};`);
    }
  if (grants !== null) {
    statements.push(`REVOKE ALL ON DATABASE ${database} FROM PUBLIC, ${identifier(owner)};`);
    for (const { grantee, privilege, grantable } of grants)
      statements.push(
        `GRANT ${privilege} ON DATABASE ${database} TO ${grantee === null ? 'PUBLIC' : identifier(grantee)}${grantable ? ' WITH GRANT OPTION' : ''};`,
      );
  }
  return statements.join('\n');
}

/** `search_path`, or an extension's own `auto_explain.log_analyze`. */
const settingName = (name: string): string => name.split('.').map(identifier).join('.');

/** Lists (GUC_LIST_QUOTE) are stored as they are written, each name quoted where it must be; as one text they would be one name. */
const lists = [
  'search_path',
  'temp_tablespaces',
  'session_preload_libraries',
  'shared_preload_libraries',
  'local_preload_libraries',
];
const inList = /"((?:[^"]|"")*)"|([^,\s"]+)/g;

function valueSql(setting: string, at: number): string {
  const value = setting.slice(at + 1);
  if (!lists.includes(setting.slice(0, at))) return literal(value);
  const names = [...value.matchAll(inList)].map(([, quoted, bare = '']) => quoted?.replaceAll('""', '"') ?? bare);
  return names.length === 0 ? literal('') : names.map(literal).join(',');
}
