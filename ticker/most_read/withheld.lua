-- What the log's next events mean for stories, in one step, by whoever comes first.
--
-- KEYS  followed, stories of headlines, headlines of stories, withheld
-- ARGV  1  the stream id that was followed up to ('' for none) and 2 from now on
--       then how often: which key (2 to 4), field, value ('' takes it away)
-- Reply 1, or 0 when another has been here

if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
if ARGV[2] ~= '' then redis.call('SET', KEYS[1], ARGV[2]) end
for i = 3, #ARGV, 3 do
  local key = KEYS[tonumber(ARGV[i])]
  if ARGV[i + 2] == '' then redis.call('HDEL', key, ARGV[i + 1]) else redis.call('HSET', key, ARGV[i + 1], ARGV[i + 2]) end
end
return 1
