// Values of every type that Redis has, and what redis-cli says of them all: of each key its type, its end, and its bytes.
import type { RedisTestServer } from '../../src/layers/redis/server.test-support.ts';
import { type StorePlace, storePlace } from './stores.ts';

const fill = String.raw`
local all = '' for i = 0, 255 do all = all .. string.char(i) end
for _, db in ipairs({0, 3, 15}) do
  redis.call('select', db)
  redis.call('set', 'plain', 'of database ' .. db)
  redis.call('set', 'a number', 12345)
  redis.call('set', 'bytes', string.rep(all, 4096))
  redis.call('set', all, 'under a name of every byte')
  redis.call('set', '', 'under no name')
  redis.call('set', 'it\'s "odd"\n\\ n' .. string.char(0xc3, 0xa4) .. 'me; $(x)', '')
  redis.call('setbit', 'bits', 100003, 1)
  redis.call('pfadd', 'log log', 'a', 'b', 'c')
  for i = 1, 3000 do redis.call('rpush', 'list', i .. all) end
  redis.call('rpush', 'list of large', string.rep('x', 20000), string.rep('y', 20000))
  redis.call('sadd', 'set of numbers', 1, 2, 3, 70000)
  for i = 1, 2000 do redis.call('sadd', 'set', 'member ' .. i .. all); redis.call('hset', 'hash', all .. i, i) end
  redis.call('hset', 'small hash', 'field "one"', 'it\'s', all, all)
  redis.call('zadd', 'small sorted set', '-inf', 'least', '1e-300', 'tiny', '1.5', all, '+inf', 'most')
  for i = 1, 2000 do redis.call('zadd', 'sorted set', i / 7, 'member ' .. i) end
  redis.call('geoadd', 'places', 174.7762, -41.2866, 'Wellington')
  for i = 1, 500 do redis.call('xadd', 'stream', i .. '-1', 'field', all .. i) end
  redis.call('xdel', 'stream', '7-1', '8-1')
  redis.call('xgroup', 'create', 'stream', 'readers', '0')
  redis.call('xreadgroup', 'group', 'readers', 'one', 'count', 20, 'streams', 'stream', '>')
  redis.call('xack', 'stream', 'readers', '1-1', '2-1')
  for i = 1, 100 do redis.call('set', 'session ' .. i, i, 'pxat', 4102444800000 + i) end
  redis.call('hset', 'hash for a time', 'a', 'b') redis.call('pexpireat', 'hash for a time', 4102444800999)
end`;
const library = '#!lua name=shop\nredis.register_function("answer", function() return 42 end)';

/** In three databases. */
export function fillRedis(server: RedisTestServer): void {
  server.cli('eval', fill, '0');
  server.cli('function', 'load', 'replace', library);
}

/** What has an order of its own is taken in its bytes; members of a table, which has another one after every start, one by one. */
const picture = `local lines = {}
for db = 0, 15 do
  redis.call('select', db)
  for _, key in ipairs(redis.call('keys', '*')) do
    local kind = redis.call('type', key).ok
    local what
    if redis.call('object', 'encoding', key) ~= 'hashtable' then what = redis.call('dump', key)
    else
      local each = {}
      if kind == 'set' then
        for _, member in ipairs(redis.call('smembers', key)) do each[#each + 1] = redis.sha1hex(member) end
      else
        local flat = redis.call('hgetall', key)
        for i = 1, #flat, 2 do each[#each + 1] = redis.sha1hex(flat[i]) .. redis.sha1hex(flat[i + 1]) end
      end
      table.sort(each)
      what = table.concat(each)
    end
    local ends = string.format('%.0f', redis.call('pexpiretime', key))
    lines[#lines + 1] = db .. ' ' .. redis.sha1hex(key) .. ' ' .. kind .. ' ' .. ends .. ' ' .. redis.sha1hex(what)
  end
end
return lines`;

export const asked = 'redis-cli: TYPE, PEXPIRETIME and DUMP of each key of each database, FUNCTION LIST WITHCODE';

/** A line for each key, and the functions. */
export const redisPicture = (server: Pick<RedisTestServer, 'cli'>): string =>
  `${server.cli('eval', picture, '0').split('\n').sort().join('\n')}\n${server.cli('function', 'list', 'withcode')}`;

/** What it has on its disk, too. */
export function pictureAfterStart(server: RedisTestServer): string {
  server.stop();
  server.start();
  return redisPicture(server);
}

export const keysIn = (server: Pick<RedisTestServer, 'cli'>): number =>
  [...server.cli('info', 'keyspace').matchAll(/keys=(\d+)/g)].reduce((sum, [, keys]) => sum + Number(keys), 0);

export const wreckRedis = (server: RedisTestServer): void => {
  server.cli('flushall');
  server.cli('function', 'flush');
  server.cli('mset', 'bad', 'news', 'worse', 'news');
};

/** The login of a restore, with no more than its page names. */
export const restorer = 'user mender on >mends resetkeys resetchannels -@all +ping +info +config|get +bgsave +lastsave';

export function redisPlace(
  server: RedisTestServer,
  layer: Readonly<Record<string, unknown>> = {},
  secrets: Readonly<Record<string, string>> = {},
): StorePlace {
  const login = { user: 'holdfast', password: { file: 'FOLDER/password' } };
  const own = {
    server: { host: '127.0.0.1', port: server.port, ...login },
    restore_as: { user: 'mender', password: { file: 'FOLDER/mender' } },
    ...{ service: server.service, data: server.data },
  };
  return storePlace('redis', { ...own, ...layer }, { password: server.password, mender: 'mends', ...secrets });
}
