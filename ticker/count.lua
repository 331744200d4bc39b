-- One batch of reads into the rankings of one scope, in one step, once.
--
-- KEYS  once, tokens of this half hour, tokens of the one before, the three rankings, landmarks, readers
-- ARGV  1  how long the answer is kept (ms)
--       2  pieces of a half hour's tokens, 3 bits of each, 4 how long they are kept (ms)
--       5-7 half-lives of the three rankings (ms)
--       8  what the keys of "read next" begin with ('' for none), 9 how long they are kept (ms)
--       10 the reads, JSON: lists of story, at (ms), weight, token ('' for one that was counted already), token by
--          yesterday's salt ('' for none), story it came from ('' for none)
-- Reply a digit for each read: 1 counted, 0 a repeat

local once, tokens, earlier, landmarks, readers = KEYS[1], KEYS[2], KEYS[3], KEYS[7], KEYS[8]
local rankings = {KEYS[4], KEYS[5], KEYS[6]}
local half_lives = {tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])}
local pieces, bits = tonumber(ARGV[2]), tonumber(ARGV[3])
local REBASE_AT = 512 -- half-lives; see ranking.py

local answered = redis.call('GET', once)
if answered then return answered end

-- A Bloom filter: four bits a token. In pieces, so that none takes long to grow.
local touched = {}
local function all_set(found) return found[1] + found[2] + found[3] + found[4] == 4 end
local function places(map, token)
  local first, step = tonumber(string.sub(token, 1, 8), 16), tonumber(string.sub(token, 9, 16), 16)
  local p = {}
  for i = 1, 4 do p[i] = string.format('%.0f', (first + i * step) % bits) end
  return map .. ':' .. first % pieces, p[1], p[2], p[3], p[4]
end
local function has(map, token)
  local piece, a, b, c, d = places(map, token)
  return all_set(redis.call('BITFIELD', piece, 'GET', 'u1', a, 'GET', 'u1', b, 'GET', 'u1', c, 'GET', 'u1', d))
end
local function had(map, token) -- and has it from now on
  local piece, a, b, c, d = places(map, token)
  touched[piece] = true
  return all_set(redis.call('BITFIELD', piece,
    'SET', 'u1', a, 1, 'SET', 'u1', b, 1, 'SET', 'u1', c, 1, 'SET', 'u1', d, 1))
end
local function is_repeat(token, before)
  if token == '' then return false end
  if has(earlier, token) or (before ~= '' and has(earlier, before)) then return true end
  return had(tokens, token)
end

-- The landmark of each ranking, not further away than doubles reach.
local newest = 0
local reads = cjson.decode(ARGV[10])
for _, read in ipairs(reads) do newest = math.max(newest, read[2]) end
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

local answer, counted, gains, order = {}, {}, {}, {}
for _, read in ipairs(reads) do
  local story, at, weight, came_from = read[1], read[2], read[3], read[6]
  if is_repeat(read[4], read[5]) then
    answer[#answer + 1] = '0'
  else
    answer[#answer + 1] = '1'
    if not gains[story] then
      gains[story] = {0, 0, 0}
      order[#order + 1] = story
    end
    counted[story] = (counted[story] or 0) + 1
    for w = 1, 3 do gains[story][w] = gains[story][w] + weight * 2 ^ ((at - marks[w]) / half_lives[w]) end
    if ARGV[8] ~= '' and came_from ~= '' then
      local next_of = ARGV[8] .. came_from
      redis.call('ZINCRBY', next_of, string.format('%.17g', weight), story)
      redis.call('ZREMRANGEBYRANK', next_of, 0, -101)
      redis.call('PEXPIRE', next_of, ARGV[9])
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
end
for piece in pairs(touched) do redis.call('PEXPIRE', piece, ARGV[4]) end

local said = table.concat(answer)
redis.call('SET', once, said, 'PX', ARGV[1])
return said
