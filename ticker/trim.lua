-- Lets go of a channel's oldest audit entries, and keeps the hash that the first one kept follows from.
--
-- KEYS  audit meta
-- ARGV  1  the stream id below which they go
-- Reply how many went

if ARGV[1] == '0-0' then return 0 end  -- nothing is older
local last = redis.call('XREVRANGE', KEYS[1], '(' .. ARGV[1], '-', 'COUNT', 1)[1]
if not last then return 0 end
for i = 1, #last[2], 2 do
  if last[2][i] == 'chain' then redis.call('HSET', KEYS[2], 'audit_from', last[2][i + 1]) end
end
return redis.call('XTRIM', KEYS[1], 'MINID', ARGV[1])
