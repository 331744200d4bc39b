-- Who is at a desk: one appears, or leaves, and those of whom nothing was heard are let go. The desk is told when
-- the picture has changed.
--
-- KEYS  presence desk_log desk_meta
-- ARGV  1  now in ms, and 2 as the desk reads it
--       3  whose word this is ('' for nobody's: only let go)
--       4  what they do, JSON without its closing brace ('' when they leave), 5 until when it holds (ms)
--       6  how many may be there
--       7  epoch to begin with if the desk has none, 8 how many entries its log keeps, about
-- Reply {'done' | 'full', the picture}
-- Of each is kept: until when, since when, what.

local DAY = 86400000 -- ms
local presence, desk_log, desk_meta = unpack(KEYS)
local now, whose, what, most = tonumber(ARGV[1]), ARGV[3], ARGV[4], tonumber(ARGV[6])
local changed, people, count, known = false, {}, 0, nil

local kept = redis.call('HGETALL', presence)
for i = 1, #kept, 2 do
  local ends, since, doing = kept[i + 1]:match('^(%d+) (%S+) (.*)$')
  if tonumber(ends) <= now then
    redis.call('HDEL', presence, kept[i])
    changed = true
  elseif kept[i] == whose then
    known = {since, doing}
  else
    count = count + 1
    people[count] = {since, kept[i], doing}
  end
end

if whose ~= '' and what == '' then
  changed = redis.call('HDEL', presence, whose) == 1 or changed
elseif whose ~= '' then
  if not known and count >= most then return {'full', ''} end
  local same = known and known[2] == what
  local since = same and known[1] or ARGV[2]
  changed = changed or not same
  redis.call('HSET', presence, whose, ARGV[5] .. ' ' .. since .. ' ' .. what)
  redis.call('PEXPIRE', presence, DAY) -- later than any of them: else nobody would see that they have gone
  count = count + 1
  people[count] = {since, whose, what}
end

table.sort(people, function(a, b) return a[1] < b[1] or (a[1] == b[1] and a[2] < b[2]) end)
for i = 1, count do people[i] = people[i][3] .. ',"since":"' .. people[i][1] .. '"}' end
local picture = '{"people":[' .. table.concat(people, ',') .. ']}'
if changed then
  redis.call('HSETNX', desk_meta, 'epoch', ARGV[7])
  local last = redis.call(
    'XADD', desk_log, 'MAXLEN', '~', ARGV[8], '*', 'type', 'presence', 'id', 'presence', 'list', picture)
  redis.call('HSET', desk_meta, 'last', last, 'trimmed', 1)
end
return {'done', picture}
