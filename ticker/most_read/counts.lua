-- What the lists of a scope are made from, unless it is as it was.
--
-- KEYS  the three rankings, landmarks, lists
-- ARGV  1  what was told of it last time, in short ('' if nothing was), 2 the version of the lists then
--       3  how many stories of each ranking
-- Reply nothing when all is as it was; else in short, version, and of each ranking in a line its landmark, then
--       story and score by turns, the most read first

local marks = redis.call('HMGET', KEYS[4], '1', '2', '3')
local tops, lines = {}, {}
for w = 1, 3 do
  tops[w] = redis.call('ZREVRANGE', KEYS[w], 0, ARGV[3] - 1, 'WITHSCORES')
  lines[w] = (marks[w] or '0') .. ' ' .. table.concat(tops[w], ' ')
end
local short = redis.sha1hex(table.concat(lines, '\n'))
local version = redis.call('HGET', KEYS[5], 'version') or ''
if short == ARGV[1] and version == ARGV[2] then return false end

-- What is high in a shorter window counts in the longer one too, however far down it is there.
for w = 2, 3 do
  local there, here = {}, tops[w]
  for i = 1, #here, 2 do there[here[i]] = true end
  for i = 1, #tops[w - 1], 2 do
    local story = tops[w - 1][i]
    if not there[story] then
      here[#here + 1] = story
      here[#here + 1] = redis.call('ZSCORE', KEYS[w], story) or '0'
    end
  end
  lines[w] = (marks[w] or '0') .. ' ' .. table.concat(here, ' ')
end
return {short, version, lines[1], lines[2], lines[3]}
