-- Decides about rate limits. Reads the clock once, decides each entry as a whole, and leaves no key without a TTL.
--
-- KEYS  one hash for each entry, with a field for each policy
-- ARGV  the time, or '' for the server's own; the number of policy sets, and of each set the number of its
--       policies, and of each policy: field, kind (g, f, s), shadow (0, 1), microseconds and nanoseconds of
--       its interval or period, units. Then for each entry: what to do (a acquire, p peek, r refund, x reset),
--       the set, the cost, and the last moment at which it may be done; and of a refund, when it was taken,
--       and of each policy how far its cell was ahead then, or -1 if nothing was taken.
-- reply the time; and for each entry 0, or 1 if it came too late, or 2 and the code of an error. After a 0
--       follows, to acquire and peek, of each policy: the time to wait (-1 none, -2 for ever), the units that
--       are left, and the time until there are more.
--
-- Times are whole microseconds since 2025, which a double holds exactly. A field holds "us,ns,used,before":
-- when the cell is as good as new, with the nanoseconds of that, and what was used of the window and of the
-- one before.

local EPOCH = 1735689600000000
local floor, fmod, max, min = math.floor, math.fmod, math.max, math.min
local at = 0

local function arg()
  at = at + 1
  return ARGV[at]
end

local function num()
  return tonumber(arg())
end

local now = num()
if not now then
  local time = redis.call('TIME')
  now = tonumber(time[1]) * 1000000 + tonumber(time[2]) - EPOCH
end

-- The floor of a * b / c, and whether something is left; a < 2^32, b and c < 2^52, and the floor < 2^53.
local function muldiv(a, b, c)
  local rest = fmod(b, c)
  local whole = a * ((b - rest) / c)
  if a * rest < 9007199254740992 then
    local left = fmod(a * rest, c)
    return whole + (a * rest - left) / c, left > 0
  end
  local quotient, left = 0, 0
  for bit = 31, 0, -1 do
    quotient, left = quotient * 2, left * 2
    if left >= c then quotient, left = quotient + 1, left - c end
    if floor(a / 2 ^ bit) % 2 == 1 then
      left = left + rest
      if left >= c then quotient, left = quotient + 1, left - c end
    end
  end
  return whole + quotient, left > 0
end

-- `count` times an interval, in microseconds and nanoseconds.
local function times(policy, count)
  local ns = count * policy.ns
  return count * policy.us + floor(ns / 1000), ns % 1000
end

local function up(us, ns)
  return ns > 0 and us + 1 or us
end

-- How far a cell of GCRA is ahead, and no further than all of the burst.
local function ahead(policy, cell)
  local us, ns = cell.us - now, cell.ns
  if us < 0 then return 0, 0 end
  local most_us, most_ns = times(policy, policy.units)
  if us > most_us or (us == most_us and ns > most_ns) then return most_us, most_ns end
  return us, ns
end

local gcra = {}

function gcra.take(policy, cell, cost)
  local us, ns = ahead(policy, cell)
  if cost > policy.units then return nil, -2 end
  local cost_us, cost_ns = times(policy, cost)
  us, ns = us + cost_us, ns + cost_ns
  if ns >= 1000 then us, ns = us + 1, ns - 1000 end
  local most_us, most_ns = times(policy, policy.units)
  if us > most_us or (us == most_us and ns > most_ns) then
    us, ns = us - most_us, ns - most_ns
    if ns < 0 then us, ns = us - 1, ns + 1000 end
    return nil, up(us, ns)
  end
  return { us = now + us, ns = ns, used = 0, before = 0 }
end

function gcra.left(policy, cell)
  local us, ns = ahead(policy, cell)
  if us == 0 and ns == 0 then return policy.units, 0 end
  -- A guess that is off by one at most, since it has 53 bits and a count has 32.
  local taken = floor((us + ns / 1000) / (policy.us + policy.ns / 1000)) + 1
  local function before(count)
    local count_us, count_ns = times(policy, count)
    return count_us < us or (count_us == us and count_ns < ns)
  end
  while taken > 1 and not before(taken - 1) do taken = taken - 1 end
  while before(taken) do taken = taken + 1 end
  local last_us, last_ns = times(policy, taken - 1)
  us, ns = us - last_us, ns - last_ns
  if ns < 0 then us, ns = us - 1, ns + 1000 end
  return max(policy.units - taken, 0), up(us, ns)
end

function gcra.give_back(policy, cell, cost, taken_at, was_ahead)
  local us, ns = ahead(policy, cell)
  local give_us, give_ns = times(policy, cost)
  local not_yet_back = max(was_ahead - max(now - taken_at, 0), 0)
  if give_us >= not_yet_back then give_us, give_ns = not_yet_back, 0 end
  us, ns = us - give_us, ns - give_ns
  if ns < 0 then us, ns = us - 1, ns + 1000 end
  if us < 0 then us, ns = 0, 0 end
  return { us = now + us, ns = ns, used = 0, before = 0 }
end

local fixed = {}

local function open_fixed(policy, cell)
  if cell.us <= now then return { us = now + policy.us, ns = 0, used = 0, before = 0 } end
  -- The window of a policy that was replaced may have been longer.
  return { us = min(cell.us, now + policy.us), ns = 0, used = cell.used, before = 0 }
end

function fixed.take(policy, cell, cost)
  local open = open_fixed(policy, cell)
  if cost > policy.units then return nil, -2 end
  if open.used + cost > policy.units then return nil, open.us - now end
  open.used = open.used + cost
  return open
end

function fixed.left(policy, cell)
  local open = open_fixed(policy, cell)
  return max(policy.units - open.used, 0), open.used == 0 and 0 or open.us - now
end

function fixed.give_back(policy, cell, cost, taken_at)
  local open = open_fixed(policy, cell)
  if taken_at < open.us - policy.us then return cell end
  open.used = max(open.used - cost, 0)
  return open
end

local sliding = {}

-- The windows, and how long the present one has lasted. A cell lasts until the end of the window after its own.
local function open_sliding(policy, cell)
  local period = policy.us
  local ends = min(cell.us, now + 2 * period)
  if ends <= now then return { us = now + 2 * period, ns = 0, used = 0, before = 0 }, 0 end
  local left = ends - now
  if left > period then
    return { us = ends, ns = 0, used = cell.used, before = cell.before }, 2 * period - left
  end
  return { us = ends + period, ns = 0, used = 0, before = cell.used }, period - left
end

local function used_of(policy, open, elapsed)
  local before, more = muldiv(open.before, policy.us - elapsed, policy.us)
  return open.used + before + (more and 1 or 0)
end

-- How long a window must last until the one before, of which `before` was used, counts as `room`.
local function faded(policy, before, room)
  if before <= room then return 0 end
  return policy.us - muldiv(room, policy.us, before)
end

local function wait_of(policy, open, elapsed, cost)
  local room = policy.units - cost
  if room < 0 then return -2 end
  if room >= open.used then return max(faded(policy, open.before, room - open.used) - elapsed, 0) end
  return policy.us - elapsed + faded(policy, open.used, room)
end

function sliding.take(policy, cell, cost)
  local open, elapsed = open_sliding(policy, cell)
  if used_of(policy, open, elapsed) + cost > policy.units then
    return nil, wait_of(policy, open, elapsed, cost)
  end
  open.used = open.used + cost
  return open
end

function sliding.left(policy, cell)
  local open, elapsed = open_sliding(policy, cell)
  local units = max(policy.units - used_of(policy, open, elapsed), 0)
  if units == policy.units then return units, 0 end
  return units, max(wait_of(policy, open, elapsed, units + 1), 0)
end

function sliding.give_back(policy, cell, cost, taken_at)
  local open, elapsed = open_sliding(policy, cell)
  local began = now - elapsed
  if taken_at >= began then
    open.used = max(open.used - cost, 0)
  elseif taken_at >= began - policy.us then
    open.before = max(open.before - cost, 0)
  else
    return cell
  end
  return open
end

local KINDS = { g = gcra, f = fixed, s = sliding }

local function read_sets()
  local sets = {}
  for s = 1, num() do
    local set = { fields = {} }
    for p = 1, num() do
      local field, kind, shadow = arg(), arg(), arg()
      set[p] = { rule = KINDS[kind], shadow = shadow == '1', us = num(), ns = num(), units = num() }
      set.fields[p] = field
    end
    sets[s] = set
  end
  return sets
end

local function read_cell(raw)
  if raw then
    local us, ns, used, before = string.match(raw, '^(%d+),(%d+),(%d+),(%d+)$')
    if us then
      return { us = tonumber(us), ns = tonumber(ns), used = tonumber(used), before = tonumber(before) }
    end
  end
  return { us = 0, ns = 0, used = 0, before = 0 }
end

local function write_cell(cell)
  return string.format('%.0f,%d,%.0f,%.0f', cell.us, cell.ns, cell.used, cell.before)
end

-- Writes the fields, and sees to it that the key outlives every cell in it, but not for ever.
local function write(key, fields, ends)
  if #fields == 0 then return nil end
  local done = redis.pcall('HSET', key, unpack(fields))
  if type(done) == 'table' and done.err then return done.err end
  local ttl = floor((ends - now) / 1000) + 2
  if redis.call('PTTL', key) < ttl then redis.call('PEXPIRE', key, string.format('%.0f', ttl)) end
  return nil
end

local reply = { now }

local function say(value)
  reply[#reply + 1] = value
end

local function fail(err)
  say(2)
  say(string.match(err, '^%-?(%S+)') or 'ERR')
end

local function decide(key, set, raw, cost, commits)
  local cells, afters, waits, allowed = {}, {}, {}, true
  for p = 1, #set do
    cells[p] = read_cell(raw[p])
    local after, wait = set[p].rule.take(set[p], cells[p], cost)
    afters[p], waits[p] = after or false, wait or -1
    if not after and not set[p].shadow then allowed = false end
  end
  if commits and allowed and cost > 0 then
    local fields, ends = {}, 0
    for p = 1, #set do
      if afters[p] then
        cells[p] = afters[p]
        fields[#fields + 1], fields[#fields + 2] = set.fields[p], write_cell(cells[p])
        ends = max(ends, cells[p].us)
      end
    end
    local err = write(key, fields, ends)
    if err then return fail(err) end
  end
  say(0)
  for p = 1, #set do
    local units, reset = set[p].rule.left(set[p], cells[p])
    say(waits[p])
    say(units)
    say(reset)
  end
end

local function refund(key, set, raw, cost, taken_at, aheads)
  local fields, ends = {}, 0
  for p = 1, #set do
    local cell = read_cell(raw[p])
    if aheads[p] >= 0 and cell.us > now then
      cell = set[p].rule.give_back(set[p], cell, cost, taken_at, aheads[p])
      fields[#fields + 1], fields[#fields + 2] = set.fields[p], write_cell(cell)
      ends = max(ends, cell.us)
    end
  end
  local err = write(key, fields, ends)
  if err then return fail(err) end
  say(0)
end

local function reset(key, set)
  local done = redis.pcall('HDEL', key, unpack(set.fields))
  if type(done) == 'table' and done.err then return fail(done.err) end
  say(0)
end

local sets = read_sets()
for entry = 1, #KEYS do
  local key, what, set, cost, last = KEYS[entry], arg(), sets[num()], num(), num()
  local taken_at, aheads = 0, {}
  if what == 'r' then
    taken_at = num()
    for p = 1, #set do aheads[p] = num() end
  end
  if now > last then
    say(1)
  elseif what == 'x' then
    reset(key, set)
  else
    local raw = redis.pcall('HMGET', key, unpack(set.fields))
    if raw.err then
      fail(raw.err)
    elseif what == 'r' then
      refund(key, set, raw, cost, taken_at, aheads)
    else
      decide(key, set, raw, cost, what == 'a')
    end
  end
end
return reply
