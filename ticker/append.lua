-- One change to one headline, in one step: all of it, or nothing.
--
-- KEYS  log board places desk killed due meta audit groups desk_log desk_meta once
-- ARGV  1  id of the headline
--       2  board[id] and 3 desk[id] as the decision found them ('' for none)
--       4  board[id] and 5 desk[id] as they are to be ('' removes)
--       6  entry for the audit, JSON without its closing brace
--       7  answer to keep under `once`, 8 for how long (ms)
--       9  epoch to begin with if the channel has none
--      10  place on the strip as found and 11 as it is to be ('' for none)
--      12  place in its group as found and 13 as it is to be ('' for none)
--      14  what the desk is told, as a type ('' for nothing), and 15 how many such entries are kept, about
--      16  how many of: identity, tombstone as found, tombstone to write ('' for none, three each)
--       then how many of: timer, due at in ms ('' takes it away, two each)
--       then the fields of the log entry (none: readers are told nothing)
-- Reply {'done', position, headlines on the strip, the lowest place} | {'once', answer} | {'changed'}

local log, board, places, desk, killed, due, meta, audit, groups, desk_log, desk_meta, once = unpack(KEYS)
local id = ARGV[1]

-- Answered before? Then the same answer again: a retry does nothing.
local answered = redis.call('GET', once)
if answered then return {'once', answered} end

-- Is everything as the decision found it: the version, and no tombstone since?
local function found(key, field, as) return (redis.call('HGET', key, field) or '') == as end
if not found(board, id, ARGV[2]) or not found(desk, id, ARGV[3]) then return {'changed'} end
local at, identities = 17, {}
for _ = 1, tonumber(ARGV[16]) do
  local identity, before, after = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  if not found(killed, identity, before) then return {'changed'} end
  if after ~= '' then identities[#identities + 1] = {identity, after} end
  at = at + 3
end

-- The headline, where it is kept now, and what may never come back.
local function keep(key, value)
  if value == '' then redis.call('HDEL', key, id) else redis.call('HSET', key, id, value) end
end
keep(board, ARGV[4])
keep(desk, ARGV[5])
local function stand(key, before, after)
  if before ~= '' then redis.call('ZREM', key, before) end
  if after ~= '' then redis.call('ZADD', key, 0, after) end
end
stand(places, ARGV[10], ARGV[11])
stand(groups, ARGV[12], ARGV[13])
for _, identity in ipairs(identities) do redis.call('HSET', killed, identity[1], identity[2]) end

-- What the clock must do.
local timers = tonumber(ARGV[at])
at = at + 1
for _ = 1, timers do
  if ARGV[at + 1] == '' then redis.call('ZREM', due, ARGV[at]) else redis.call('ZADD', due, ARGV[at + 1], ARGV[at]) end
  at = at + 2
end

-- What readers are told.
redis.call('HSETNX', meta, 'epoch', ARGV[9])
redis.call('HINCRBY', meta, 'changes', 1)
local position = ''
if ARGV[at] then
  position = redis.call('XADD', log, '*', unpack(ARGV, at))
  redis.call('HSET', meta, 'last', position)
  position = redis.call('HGET', meta, 'epoch') .. '-' .. position
end

-- What the desk is told: the same headline, with what readers never see.
redis.call('HSETNX', desk_meta, 'epoch', ARGV[9])
if ARGV[14] ~= '' then
  local told = {'type', ARGV[14], 'id', id}
  local record = ARGV[4] ~= '' and ARGV[4] or ARGV[5]
  if record ~= '' then told[5], told[6] = 'headline', record end
  local last = redis.call('XADD', desk_log, 'MAXLEN', '~', ARGV[15], '*', unpack(told))
  redis.call('HSET', desk_meta, 'last', last, 'trimmed', 1)
end

-- Who did what: each entry carries the hash of all before it.
local entry = ARGV[6] .. ',"position":"' .. position .. '"}'
local chain = redis.sha1hex((redis.call('HGET', meta, 'chain') or '') .. entry)
redis.call('HSET', meta, 'chain', chain)
redis.call('XADD', audit, '*', 'entry', entry, 'chain', chain)

redis.call('SET', once, position .. ' ' .. ARGV[7], 'PX', ARGV[8])
return {'done', position, redis.call('HLEN', board), redis.call('ZRANGE', places, 0, 0)[1] or ''}
