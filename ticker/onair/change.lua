-- One change of an output: what is kept of it, what followers are told, what the as-run log says; all or nothing.
--
-- KEYS  table log as_run as_run_meta plays pages
-- ARGV  1  the output
--       2  what the table must have of it ('' none), 3 what it has from now on ('' the table is left alone)
--       4  kind of the log's entry, 5 its body, 6 how many entries the log keeps, about
--       7  how many pages an output may have, 8 ms that a report takes of its page's time, and each KB of it once more,
--       9  how many ms of it a page may have taken in advance
--       10 page, 11 boot, 12 number of its report ('' for what is no report), 13 what is kept of it, JSON
--       14… entries of the as-run log, JSON; each followed by the headline that has run, and its first and last frame
--          ('' where none counts)
-- Reply 'changed' when the table has something else; 'many' when there are enough other pages, 'often' when this one
-- has said too much of late; 'repeat' when the report was taken before; else 'done'

local tbl, log, as_run, meta, plays, pages = unpack(KEYS)
local output = ARGV[1]

if ARGV[3] ~= '' and (redis.call('HGET', tbl, output) or '') ~= ARGV[2] then return 'changed' end
if ARGV[12] ~= '' then
  local page, boot, seq = ARGV[10], ARGV[11], tonumber(ARGV[12])
  local time = redis.call('TIME')
  local ms = time[1] * 1000 + math.floor(time[2] / 1000)

  local name = output .. ' ' .. page
  if redis.call('HEXISTS', pages, name) == 0 then
    local others = 0
    for _, one in ipairs(redis.call('HKEYS', pages)) do
      if one:match('^%S*') == output then others = others + 1 end
    end
    if others >= tonumber(ARGV[7]) then return 'many' end
  end

  -- Until when a page has taken time. What lies further ahead than it may was written before the clock was set back.
  local most, spent = ms + ARGV[9], tonumber(redis.call('HGET', meta, 'spent:' .. page) or 0)
  if spent < ms or spent > most then spent = ms end
  spent = spent + ARGV[8] * (1 + math.floor(#ARGV[5] / 1024))
  if spent > most then return 'often' end
  redis.call('HSET', meta, 'spent:' .. page, spent)
  redis.call('HSET', pages, name, ARGV[13])

  if ARGV[5] ~= '' then
    -- Of each page its last report is known, and that of its boot before: a page that was loaded anew says again what
    -- it could not say in time. Kept with when it came (ms).
    local now, before = 'now:' .. page, 'before:' .. page
    local known = redis.call('HGET', meta, now) or ''
    if known:match('^%S*') ~= boot then
      local earlier = redis.call('HGET', meta, before) or ''
      if earlier:match('^%S*') == boot then
        now, known = before, earlier
      elseif known ~= '' then
        redis.call('HSET', meta, before, known)
        known = ''
      end
    end
    if known ~= '' and tonumber(known:match('%S*$')) >= seq then return 'repeat' end
    redis.call('HSET', meta, now, boot .. ' ' .. time[1] .. '000 ' .. seq)
  end
end
if ARGV[3] ~= '' then redis.call('HSET', tbl, output, ARGV[3]) end

local counted = {}
local chain = redis.call('HGET', meta, 'chain') or ''
for i = 14, #ARGV, 4 do
  chain = redis.sha1hex(chain .. ARGV[i])
  redis.call('XADD', as_run, '*', 'entry', ARGV[i], 'chain', chain)
  local id, first, last = ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  if id ~= '' then
    -- Main and backup show it at the same frames: it has run once.
    local count, until_ = (redis.call('HGET', plays, id) or '0 0'):match('(%d+) (%d+)')
    if tonumber(first) > tonumber(until_) then
      redis.call('HSET', plays, id, (count + 1) .. ' ' .. last)
      counted[#counted + 1] = id .. ' ' .. (count + 1)
    end
  end
end
redis.call('HSET', meta, 'chain', chain)
if ARGV[5] ~= '' then
  redis.call('XADD', log, 'MAXLEN', '~', ARGV[6], '*',
    'output', output, 'kind', ARGV[4], 'body', ARGV[5], 'plays', table.concat(counted, '\n'))
end
return 'done'
