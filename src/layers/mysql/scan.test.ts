// What is counted in a dump as it passes, in pieces of any size; and a dump on its way into another name.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { renamed } from './rename.ts';
import { type Scanned, Scanner } from './scan.ts';

const lines = [
  '/*M!999999\\- enable the sandbox mode */ ',
  '-- MariaDB dump 10.19  Distrib 10.11.19-MariaDB',
  'CREATE TABLE `orders` (',
  '  `id` int(11) NOT NULL AUTO_INCREMENT,',
  ') ENGINE=InnoDB AUTO_INCREMENT=7 DEFAULT CHARSET=utf8mb4;',
  'INSERT INTO `orders` VALUES',
  "(1,'it\\'s (not); a ''row\\\\'),",
  "(2,'VALUES (3),(4);\\n(5)');",
  'CREATE TABLE `od``d',
  'one` (',
  ') ENGINE=InnoDB;',
  'INSERT INTO `od``d',
  "one` (`VALUES (``x`, `b`) VALUES (1,ST_GeomFromText('a')),(2,3),(4,NULL);",
  'INSERT INTO `od``d',
  'one` VALUES (9,9);',
  'CREATE TABLE `empty` (',
  ');',
  'DELIMITER ;;',
  '/*!50003 CREATE*/ /*!50017 DEFINER=`root`@`localhost`*/ /*!50003 TRIGGER shop.t BEFORE INSERT ON `shop` . orders FOR EACH ROW BEGIN',
  'INSERT INTO `orders` VALUES (1,2);',
  'END */;;',
  'CREATE DEFINER=`a b`@`%` PROCEDURE `p`()',
  'CREATE TABLE `not one` (a int);;',
  'DELIMITER ;',
  '/*!50001 VIEW `v` AS select 1 AS `1` */;',
  '-- Dump completed on 2026-11-22 17:00:00',
  '',
];

const scanned = (text: string | Uint8Array, size: number): Scanned => {
  const scanner = new Scanner();
  const data = Buffer.from(text);
  for (let at = 0; at < data.length; at += size) scanner.take(data.subarray(at, at + size));
  return scanner.end();
};

describe('a dump that passes', () => {
  const text = lines.join('\n');

  it('is counted row by row, whatever is in them and in whatever pieces it comes', () => {
    const whole = scanned(text, text.length);
    assert.deepEqual(whole.tables, { orders: 2, 'od`d\none': 4, empty: 0 });
    assert.deepEqual([whole.views, whole.triggers, whole.routines, whole.events], [1, 1, 1, 0]);
    assert.ok(whole.whole && whole.begun);
    for (let size = 1; size < 40; size += 1) assert.deepEqual(scanned(text, size), whole, `pieces of ${size}`);
  });

  it('has a digest of its layout, without rows, numbers that go up, and dates', () => {
    const { schema } = scanned(text, 99);
    const later = text
      .replace('AUTO_INCREMENT=7', 'AUTO_INCREMENT=8')
      .replace("(1,'it", "(7,'is")
      .replace('17:00', '18:00');
    assert.equal(scanned(later, 99).schema, schema);
    assert.notEqual(scanned(text.replace('int(11)', 'int(12)'), 99).schema, schema);
  });

  it('is none without its beginning or its end, or where it is zeros', () => {
    assert.ok(!scanned(text.replace('-- Dump completed', '-- Dump'), 99).whole);
    assert.ok(!scanned(text.slice(0, text.indexOf('VALUES (9')), 99).whole);
    assert.ok(!scanned(lines.slice(2).join('\n'), 99).begun);
    assert.ok(!scanned(Buffer.alloc(5000), 99).begun);
    assert.ok(!scanned(`${text}ERROR`, 99).whole);
  });

  it('has no table whose rows it has, and not how it is made', () => {
    const without = text.replace(/^CREATE TABLE `orders`/m, '-- CREATE TABLE `orders`');
    assert.deepEqual(Object.keys(scanned(without, 99).tables), ['od`d\none', 'empty']);
  });

  it('is given up where a line of it has no end, before it fills the memory', () => {
    for (const begin of ['', text, 'INSERT INTO `']) {
      const scanner = new Scanner();
      scanner.take(Buffer.from(begin));
      const zeros = Buffer.alloc(1024 * 1024);
      let taken = 0;
      for (; !scanner.isEndless && taken < 64; taken += 1) scanner.take(zeros);
      assert.ok(taken < 64, JSON.stringify(begin.slice(0, 20)));
      assert.ok(!scanner.end().whole);
    }
    const rows = new Scanner();
    rows.take(Buffer.from("INSERT INTO `t` VALUES ('"));
    for (let taken = 0; taken < 64; taken += 1) rows.take(Buffer.alloc(1024 * 1024, 'x'));
    assert.ok(!rows.isEndless, 'a row may be as long as it is');
  });
});

describe('a dump on its way into another name', () => {
  const renaming = { from: 'shop', to: 'be`side ä' };
  async function* piecesOf(text: string, size: number) {
    const data = Buffer.from(text);
    for (let at = 0; at < data.length; at += size) yield data.subarray(at, at + size);
  }
  const through = async (text: string, size: number, asleep = false): Promise<string> => {
    const out: Uint8Array[] = [];
    for await (const piece of renamed(piecesOf(text, size), { ...renaming, asleep })) out.push(piece);
    return Buffer.concat(out).toString();
  };

  it('changes what names the database itself, and no row', async () => {
    const text = [
      ...lines,
      'ALTER DATABASE `shop` CHARACTER SET utf8mb4 COLLATE utf8mb4_bin ;',
      "INSERT INTO `t` VALUES ('x TRIGGER shop.t ALTER DATABASE `shop` CHARACTER SET a COLLATE b ;');",
      '',
    ].join('\n');
    const expected = text
      .replace(
        'TRIGGER shop.t BEFORE INSERT ON `shop` . orders',
        'TRIGGER `be``side ä`.t BEFORE INSERT ON `be``side ä`.orders',
      )
      .replace('\nALTER DATABASE `shop`', '\nALTER DATABASE `be``side ä`');
    for (const size of [1, 7, 100, 10_000]) assert.equal(await through(text, size), expected, `pieces of ${size}`);
  });

  it('wakes no event where the live ones are at work, and says of each other nothing else', async () => {
    const event = (name: string, state: string) =>
      `/*!50106 CREATE*/ /*!50117 DEFINER=\`it's\`@\`%\`*/ /*!50106 EVENT \`${name}\` ON SCHEDULE EVERY '1:30' HOUR_MINUTE STARTS '2030-01-01 03:00:00' ON COMPLETION NOT PRESERVE ${state} COMMENT ' ON COMPLETION PRESERVE ENABLE' DO SELECT 1 */ ;;\n`;
    const names = ['sends', 'two\nlines', ' ON COMPLETION PRESERVE ENABLE'];
    const text = names.map((name) => event(name, 'ENABLE')).join('') + event('off', 'DISABLE');
    const expected = [...names, 'off'].map((name) => event(name, 'DISABLE')).join('');
    for (const size of [1, 7, 100, 10_000])
      assert.equal(await through(text, size, true), expected, `pieces of ${size}`);
    assert.equal(await through(text, 100), text, 'but where it is the one to be at work');
  });

  it('keeps nothing back for rows that hold what looks like the head of a trigger', async () => {
    const row = "INSERT INTO `t` VALUES ('/*!50003 CREATE*/ /*!50003 TRIGGER ');\n";
    let given = 0;
    let most = 0;
    const fed = async function* () {
      for await (const piece of piecesOf(row.repeat(1000), 1000)) {
        given += piece.length;
        yield piece;
      }
    };
    for await (const piece of renamed(fed(), renaming)) {
      most = Math.max(most, given);
      given -= piece.length;
    }
    assert.ok(most < 5000, `${most} bytes were kept`);
  });
});
