// The parts of MariaDB, one after the other: they have a server each.
import type { Parts } from '../parts.ts';
import { proveMysql } from './mysql.ts';
import { proveMysqlCut } from './mysql-cut.ts';
import { proveMysqlFaults } from './mysql-faults.ts';
import { proveMysqlKills } from './mysql-kills.ts';
import { proveMysqlLarge } from './mysql-large.ts';
import { proveMysqlWays } from './mysql-ways.ts';

export const mysqlParts: Parts = {
  mysql: proveMysql,
  'mysql-ways': proveMysqlWays,
  'mysql-faults': proveMysqlFaults,
  'mysql-cut': proveMysqlCut,
  'mysql-kills': proveMysqlKills,
  'mysql-large': proveMysqlLarge,
};
