-- A most-read list as it is from now on, and word of it to readers, in one step.
--
-- KEYS  lists log meta
-- ARGV  1  the list: 1h, 24h, 7d, rising
--       2  its rows as they were found ('' for none) and 3 as they are to be
--       4  what readers are told ('' for nothing), 5 epoch to begin with if the channel has none
-- Reply 1, or 0 when the rows were not as found

local lists, log, meta = unpack(KEYS)
if (redis.call('HGET', lists, ARGV[1]) or '') ~= ARGV[2] then return 0 end
redis.call('HSET', lists, ARGV[1], ARGV[3])
if ARGV[4] ~= '' then
  -- The log has the fact only: the list would fill it, and of a list none but the last is ever wanted.
  redis.call('HSET', lists, 'told:' .. ARGV[1], ARGV[4])
  redis.call('HSETNX', meta, 'epoch', ARGV[5])
  redis.call('HSET', meta, 'last', redis.call('XADD', log, '*', 'type', 'most_read', 'id', 'most_read:' .. ARGV[1]))
end
return 1
