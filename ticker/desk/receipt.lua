-- One process's figures of one event; what all of them come to; and the desk is told.
--
-- KEYS  receipts desk_log desk_meta meta audit
-- ARGV  1  position of the event, 2  the process
--       3  its figures, JSON
--       4  what is said of the event, JSON without its closing brace
--       5  how long it is kept (ms)
--       6  entry for the audit, JSON without its closing brace ('' while it is too early)
--       7  epoch to begin with if the desk has none, 8 how many entries its log keeps, about
-- Of each event are kept: `<position> <process>` → its figures; `<position>` → the sum; `<position> audit` → 1.

local receipts, desk_log, desk_meta, meta, audit = unpack(KEYS)
local position, about = ARGV[1], ARGV[4]

redis.call('HSET', receipts, position .. ' ' .. ARGV[2], ARGV[3])
local had, outputs = {}, {}
local sum = {confirmed = 0, written = 0, gone = 0, slowest_ms = 0}
local reached = 0
local kept = redis.call('HGETALL', receipts)
for i = 1, #kept, 2 do
  if kept[i]:match('^(%S+) %x+$') == position then
    local part = cjson.decode(kept[i + 1])
    for transport, count in pairs(part.had) do
      had[transport] = (had[transport] or 0) + count
      reached = reached + count
    end
    for _, name in ipairs({'confirmed', 'written', 'gone'}) do sum[name] = sum[name] + part[name] end
    sum.slowest_ms = math.max(sum.slowest_ms, part.slowest_ms)
    for name, ms in pairs(part.outputs) do
      local other = outputs[name]
      if ms == cjson.null or other == cjson.null then outputs[name] = cjson.null
      else outputs[name] = math.max(other or 0, ms) end
    end
  end
end
sum.reached, sum.had, sum.outputs = reached, had, outputs
sum.waiting = reached - sum.confirmed - sum.written - sum.gone

local told = about .. ',' .. cjson.encode(sum):sub(2)
if redis.call('HGET', receipts, position) ~= told then
  redis.call('HSET', receipts, position, told)
  redis.call('PEXPIRE', receipts, ARGV[5])
  redis.call('HSETNX', desk_meta, 'epoch', ARGV[7])
  local last = redis.call('XADD', desk_log, 'MAXLEN', '~', ARGV[8], '*',
    'type', 'receipt', 'id', 'receipt:' .. position, 'list', told)
  redis.call('HSET', desk_meta, 'last', last, 'trimmed', 1)
end

-- Once, by whichever process comes first: how many it reached.
if ARGV[6] ~= '' and redis.call('HSETNX', receipts, position .. ' audit', 1) == 1 then
  local entry = ARGV[6] .. ',' .. cjson.encode(sum):sub(2)
  local chain = redis.sha1hex((redis.call('HGET', meta, 'chain') or '') .. entry)
  redis.call('HSET', meta, 'chain', chain)
  redis.call('XADD', audit, '*', 'entry', entry, 'chain', chain)
end
return told
