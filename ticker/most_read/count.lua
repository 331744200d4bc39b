-- One batch of reads into the rankings of one scope, in one step, once.
--
-- KEYS  once, tokens of this half hour, tokens of the one before, the three rankings, landmarks, readers; and, where
--       repeats are looked for, what was read today
-- ARGV  1  times (ms) with spaces between: how long the answer is kept, how long a half hour's tokens, how long what was
--          read next; and the half-lives of the three rankings. In one: whoever calls pays for each argument
--       2  what the keys of "read next" begin with ('' for none)
--       3  the reads, a line each: story, at (ms), weight, token, token by yesterday's salt, story it came from, with
--          spaces between and `-` for none. No token: it was counted already
-- Reply a digit for each read: 1 counted, 0 a repeat

local once, tokens, earlier, landmarks, readers = KEYS[1], KEYS[2], KEYS[3], KEYS[7], KEYS[8]
local today, DAY_KEPT = KEYS[9], 172800000 -- ms
local rankings = {KEYS[4], KEYS[5], KEYS[6]}
local ANSWER_KEPT, TOKENS_KEPT, NEXT_KEPT, hour, day, week = string.match(ARGV[1], '(%d+) (%d+) (%d+) (%d+) (%d+) (%d+)')
local half_lives = {tonumber(hour), tonumber(day), tonumber(week)}
local REBASE_AT = 512 -- half-lives; see ranking.py

local answered = redis.call('GET', once)
if answered then return answered end

-- Tokens are whole numbers, and lie in many small sets: Redis keeps a small set of numbers as a bare array.
local function piece(of, token) return of .. ':' .. string.sub(token, -4) end
local function is_repeat(token, before)
  if token == '-' then return false end
  if redis.call('SISMEMBER', piece(earlier, token), token) == 1 then return true end
  if before ~= '-' and redis.call('SISMEMBER', piece(earlier, before), before) == 1 then return true end
  local here = piece(tokens, token)
  if redis.call('SADD', here, token) == 0 then return true end
  redis.call('PEXPIRE', here, TOKENS_KEPT)
  return false
end

-- The landmark of each ranking, not further away than doubles reach.
local newest = 0
local reads = {}
for story, at, weight, token, before, came_from in string.gmatch(ARGV[3], '(%S+) (%S+) (%S+) (%S+) (%S+) (%S+)') do
  reads[#reads + 1] = {story, tonumber(at), tonumber(weight), token, before, came_from}
  newest = math.max(newest, tonumber(at))
end
local marks = redis.call('HMGET', landmarks, '1', '2', '3')
for w = 1, 3 do
  local mark = tonumber(marks[w] or newest)
  local steps = math.floor((newest - mark) / half_lives[w])
  if steps > REBASE_AT then -- by whole half-lives: not a bit of any score changes
    redis.call('ZUNIONSTORE', rankings[w], 1, rankings[w], 'WEIGHTS', string.format('%.17g', 2 ^ -steps))
    mark = mark + steps * half_lives[w]
  end
  if mark ~= tonumber(marks[w] or -1) then redis.call('HSET', landmarks, w, string.format('%.0f', mark)) end
  marks[w] = mark
end

local answer, counted, whole, gains, order = {}, {}, {}, {}, {}
for _, read in ipairs(reads) do
  local story, at, weight, came_from = read[1], read[2], read[3], read[6]
  if is_repeat(read[4], read[5]) then
    answer[#answer + 1] = '0'
  else
    answer[#answer + 1] = '1'
    if not gains[story] then
      gains[story], counted[story], whole[story] = {0, 0, 0}, 0, {}
      order[#order + 1] = story
    end
    counted[story] = counted[story] + 1
    if weight == 1 then table.insert(whole[story], read[4]) end
    for w = 1, 3 do gains[story][w] = gains[story][w] + weight * 2 ^ ((at - marks[w]) / half_lives[w]) end
    if ARGV[2] ~= '' and came_from ~= '-' then
      local next_of = ARGV[2] .. came_from
      redis.call('ZINCRBY', next_of, string.format('%.17g', weight), story)
      redis.call('ZREMRANGEBYRANK', next_of, 0, -101)
      redis.call('PEXPIRE', next_of, NEXT_KEPT)
    end
  end
end

for _, story in ipairs(order) do
  for w = 1, 3 do
    local gain = gains[story][w]
    -- Redis would keep an infinite score, and its story would be first for ever.
    if gain == gain and gain < math.huge then
      redis.call('ZINCRBY', rankings[w], string.format('%.17g', gain), story)
    end
  end
  redis.call('HINCRBY', readers, story, counted[story])
  -- Who reads again and again is looked for among reads that count whole: of one network, too few to have a story that
  -- others read held out. A token is the same all day, and cannot be had back from what counts how many there were.
  if today and #whole[story] > 0 then
    local different = today .. ':' .. story
    redis.call('HINCRBY', today, story, #whole[story])
    redis.call('PFADD', different, unpack(whole[story]))
    redis.call('PEXPIRE', different, DAY_KEPT)
  end
end
if today and #order > 0 then redis.call('PEXPIRE', today, DAY_KEPT) end

local said = table.concat(answer)
redis.call('SET', once, said, 'PX', ANSWER_KEPT)
return said
