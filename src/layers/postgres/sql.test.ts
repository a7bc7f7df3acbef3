// Names and texts of others within SQL, and the roles that a restore makes.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { belongingsSql, createSql } from './about.ts';
import { connectionText } from './connection.ts';
import { verifierOf } from './credentials.ts';
import { statementsFor } from './roles-sql.ts';
import { identifier, literal } from './sql.ts';

describe('SQL that is made of names', () => {
  it('quotes what would end a name or a text', () => {
    assert.equal(identifier('a"; DROP DATABASE b; --'), '"a""; DROP DATABASE b; --"');
    assert.equal(literal(`it's \\`), ` E'it''s \\\\'`);
    assert.throws(() => identifier('a\0b'));
  });

  it('keeps a name a name in what libpq connects with', () => {
    const server = { port: 5432, user: 'u', database: 'd' } as const;
    assert.match(connectionText(server, `x' host='evil`), /dbname='x\\' host=\\'evil'/);
  });

  it('gives a database back what it had beside its content', () => {
    const row = { encoding: 6, datcollate: 'C', datctype: 'C', datlocprovider: 'c', datconnlimit: 7 };
    const about = {
      ...{ row, encoding: 'UTF8', owner: 'keeper', comment: `it's` },
      settings: [{ role: null, settings: ['search_path=shop, "odd, one"', 'work_mem=8MB'] }],
      grants: [{ grantee: null, privilege: 'CONNECT', grantable: false }],
    };
    assert.match(
      createSql('new', about),
      /^CREATE DATABASE "new" OWNER "keeper" TEMPLATE template0 .*CONNECTION LIMIT 7;$/,
    );
    const sql = belongingsSql('new', about);
    assert.match(sql, /SET "search_path" TO {2}E'shop', E'odd, one';/);
    assert.match(sql, /SET "work_mem" TO {2}E'8MB';/);
    assert.match(sql, /GRANT CONNECT ON DATABASE "new" TO PUBLIC;/);
  });
});

describe('roles that a restore makes', () => {
  const text = [
    '-- Roles',
    '\\restrict x',
    'CREATE ROLE keeper;',
    `ALTER ROLE keeper WITH LOGIN PASSWORD 'SCRAM-SHA-256$x';`,
    'CREATE ROLE "odd ""one""";',
    `COMMENT ON ROLE keeper IS 'two`,
    `lines; it''s so;`,
    `';`,
    'CREATE ROLE postgres;',
    `ALTER ROLE postgres WITH SUPERUSER PASSWORD 'old';`,
    'GRANT postgres TO keeper GRANTED BY postgres;',
  ].join('\n');

  it('are those that are missing, with all that belongs to them, and no others', () => {
    assert.deepEqual(statementsFor(text, ['keeper']), [
      'CREATE ROLE keeper;',
      `ALTER ROLE keeper WITH LOGIN PASSWORD 'SCRAM-SHA-256$x';`,
      `COMMENT ON ROLE keeper IS 'two\nlines; it''s so;\n';`,
      'GRANT postgres TO keeper GRANTED BY postgres;',
    ]);
    assert.deepEqual(statementsFor(text, ['odd "one"']), ['CREATE ROLE "odd ""one""";']);
  });

  it('get a password that is never told to the server as it is', () => {
    // Of the example in RFC 7677: password `pencil`, salt W22ZaJ0SNY7soEsUEjb6gQ==, 4096 rounds.
    const salt = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64');
    assert.equal(
      verifierOf('pencil', salt),
      'SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=',
    );
  });
});
