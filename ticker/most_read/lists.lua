-- The most-read lists of a scope as they are from now on, and word of them to readers, in one step.
--
-- KEYS  lists log meta
-- ARGV  1  the version of the lists as they were found ('' for none), 2 epoch to begin with if the channel has none
--       then of each list that is otherwise: its name (1h, 24h, 7d, rising), its rows, what readers are told ('' for
--       nothing)
-- Reply the version from now on, or '' when the lists were not as found

local lists, log, meta = unpack(KEYS)
if (redis.call('HGET', lists, 'version') or '') ~= ARGV[1] then return '' end
for i = 3, #ARGV, 3 do
  local name, rows, told = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  redis.call('HSET', lists, name, rows)
  if told ~= '' then
    -- The log has the fact only: the list would fill it, and of a list none but the last is ever wanted.
    redis.call('HSET', lists, 'told:' .. name, told)
    redis.call('HSETNX', meta, 'epoch', ARGV[2])
    redis.call('HSET', meta, 'last', redis.call('XADD', log, '*', 'type', 'most_read', 'id', 'most_read:' .. name))
  end
end
return tostring(redis.call('HINCRBY', lists, 'version', 1))
