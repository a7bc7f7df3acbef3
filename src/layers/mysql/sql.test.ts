// Names and texts of others within SQL, what a login may do, and accounts that a restore makes.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { statementsFor, textOf } from './accounts-sql.ts';
import { optionText } from './connection.ts';
import { faultOf, numbersIn } from './faults.ts';
import { grantsIn, may, seesAll, weaknesses } from './grants.ts';
import { versionIn } from './inventory.ts';
import { fieldsOf, identifier, literal } from './sql.ts';
import { knownIn } from './tools.ts';

describe('SQL that is made of names', () => {
  it('quotes what would end a name or a text', () => {
    assert.equal(identifier('a`; DROP DATABASE b; -- \\'), '`a``; DROP DATABASE b; -- \\`');
    assert.equal(literal(`it's \\`), `'it''s \\'`);
    assert.throws(() => identifier('a\0b'));
  });

  it('reads names with any character back from an answer', () => {
    assert.deepEqual(fieldsOf('a\\tb\t\\\\n\\n\t'), ['a\tb', '\\n\n', '']);
  });

  it('keeps a password what it is in an option file', () => {
    assert.equal(optionText('a"b\\c#d\n'), '[client]\npassword="a\\"b\\\\c#d\\n"\n');
  });
});

describe('what a login may do', () => {
  const grants = grantsIn([
    'GRANT USAGE ON *.* TO `hf`@`%` IDENTIFIED BY PASSWORD "x"',
    'GRANT SELECT, SHOW VIEW, TRIGGER, EVENT ON `shop\\_%`.* TO `hf`@`%`',
    'GRANT SELECT ON `mysql`.`proc` TO `hf`@`%`',
    'GRANT SELECT (`id`, `name`), INSERT ON `other`.`t` TO `hf`@`%`',
  ]);

  it('is read from its grants, in which names are patterns', () => {
    assert.ok(may(grants, 'TRIGGER', 'shop_eu'));
    assert.ok(!may(grants, 'TRIGGER', 'shopXeu'), '`\\_` is no joker');
    assert.ok(!may(grants, 'SELECT', 'other'));
    assert.ok(!seesAll(grants));
    assert.ok(may(grantsIn(['GRANT ALL PRIVILEGES ON *.* TO `root`@`localhost` WITH GRANT OPTION']), 'EVENT', 'any'));
  });

  it('says what a dump would silently be without', () => {
    assert.deepEqual(weaknesses(grants, 'shop_eu', true), []);
    assert.equal(weaknesses(grants, 'shop_eu', false).length, 1, 'MySQL keeps its routines elsewhere');
    assert.equal(weaknesses(grants, 'other', true).length, 2);
  });

  it('is less by what was taken back of it', () => {
    const partly = grantsIn(['GRANT SELECT, TRIGGER ON *.* TO `hf`@`%`', 'REVOKE SELECT ON `shop`.* FROM `hf`@`%`']);
    assert.ok(!may(partly, 'SELECT', 'shop'));
    assert.ok(may(partly, 'SELECT', 'other'));
  });
});

describe('what a tool says', () => {
  it('is told apart by numbers, which are the same in every language', () => {
    assert.deepEqual(numbersIn(`ERROR 1045 (28000): Access denied`), [1045]);
    assert.deepEqual(numbersIn(`mariadb-dump: Couldn't execute 'show events': Access denied (1044)`), [1044]);
    assert.deepEqual(numbersIn(`mysqldump: Got error: 1356: "View" when using LOCK TABLES (exit code 2)`), [1356]);
    assert.deepEqual(numbersIn('Error 2013: Lost connection'), [2013]);
  });

  it('is damage where an engine says so by its own number, and else is not', () => {
    const of = (number: number) => {
      const stderr = `mariadb-dump: Couldn't execute 'show create table': Got error ${number} "..." from storage engine InnoDB (1030)`;
      const ended = { exitCode: 2, signal: undefined, stdout: '', stderr };
      return faultOf({ entry: { name: 'databases', server: { port: 3306 }, as: undefined } }, 'notes', 'dump', ended)
        .code;
    };
    assert.deepEqual([194, 127, 28].map(of), ['database-damaged', 'database-damaged', 'dump-failed']);
  });

  it('is who is in the way, where somebody holds a table', () => {
    const stderr = 'ERROR 1205 (HY000) at line 2: Lock wait timeout exceeded; try restarting transaction';
    const ended = { exitCode: 1, signal: undefined, stdout: '', stderr };
    const { code } = faultOf(
      { entry: { name: 'databases', server: { port: 3306 }, as: undefined } },
      's',
      'client',
      ended,
    );
    assert.equal(code, 'database-in-use');
  });

  it('is which options it knows, and which server it speaks to', () => {
    assert.ok(knownIn('  -q, --quick         Do not\n  --set-gtid-purged[=name]\n').has('set-gtid-purged'));
    assert.deepEqual(versionIn('5.5.5-10.11.19-MariaDB-0+deb12u1').numbers, [10, 11]);
    assert.equal(versionIn('8.4.3').text, 'MySQL 8.4.3');
  });
});

describe('accounts that a restore makes', () => {
  const accounts = [
    { user: 'app', host: '%', role: false },
    { user: `odd\n-- x 0\n'`, host: 'h', role: false },
  ];
  const text = textOf('mark', [
    {
      create: 'CREATE USER `app`@`%`',
      grants: ['GRANT SELECT ON `s`.* TO `app`@`%`', 'GRANT SELECT ON `s`.`t` TO `app`@`%`'],
    },
    { create: "CREATE USER `odd\n-- x 0\n'`@`h`", grants: ['GRANT EXECUTE ON PROCEDURE `s`.`p` TO `odd`@`h`'] },
  ]);

  it('are those that are missing, with all that belongs to them, and no others', () => {
    assert.deepEqual(statementsFor(text, { mark: 'mark', accounts }, [{ user: 'app', host: '%' }]), {
      create: ['CREATE USER `app`@`%`;'],
      grants: ['GRANT SELECT ON `s`.* TO `app`@`%`;'],
      late: ['GRANT SELECT ON `s`.`t` TO `app`@`%`;'],
    });
  });

  it('may be called anything', () => {
    const { create, late } = statementsFor(text, { mark: 'mark', accounts }, accounts.slice(1));
    assert.deepEqual(create, [`CREATE USER \`odd\n-- x 0\n'\`@\`h\`;`]);
    assert.equal(late.length, 1);
  });
});
