-- One entry more: it carries the hash of all before it.
--
-- KEYS  audit meta
-- ARGV  1  the entry, JSON
--       2  how many are kept

local chain = redis.sha1hex((redis.call('HGET', KEYS[2], 'chain') or '') .. ARGV[1])
redis.call('HSET', KEYS[2], 'chain', chain)
redis.call('XADD', KEYS[1], '*', 'entry', ARGV[1], 'chain', chain)

-- Of the oldest, when it goes, the hash stays that the next follows from.
if redis.call('XLEN', KEYS[1]) > tonumber(ARGV[2]) then
  local oldest = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)[1]
  for i = 1, #oldest[2], 2 do
    if oldest[2][i] == 'chain' then redis.call('HSET', KEYS[2], 'audit_from', oldest[2][i + 1]) end
  end
  redis.call('XDEL', KEYS[1], oldest[1])
end
