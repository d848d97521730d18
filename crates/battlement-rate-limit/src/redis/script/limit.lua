-- Decides about rate limits. Reads the clock once, decides each entry as a whole, and leaves no key without a TTL.
--
-- KEYS  one for each entry
-- ARGV  the time, or '' for the server's own; the number of policy sets, and of each set the number of its
--       policies, and of each policy: field, kind (g, f, s), shadow (0, 1), microseconds and nanoseconds of
--       its interval or period, units. Then A, if all are to acquire as much from one set, the cost, and the
--       last moment at which that may be done. Or else for each entry: what to do (a acquire, p peek, r refund,
--       x reset), the set, the cost, and the last moment; and of a refund, when it was taken, and of each
--       policy how far its cell was ahead then, or -1 if nothing was taken.
-- reply the time; and for each entry 0, or 1 if it came too late, or 2 and the code of an error. After a 0
--       follows, to acquire and peek, of each policy: the time to wait (-1 none, -2 for ever), the units that
--       are left, and the time until there are more.
--
-- Times are whole microseconds since 2025, which a double holds exactly. A key holds the fields of its
-- policies, a line each and an empty one after them, and then of each a cell: when it is as good as new, with
-- the nanoseconds of that, and what was used of the window and of the one before.
--
-- Redis runs all of this text for each call, and making a function or a table costs what deciding does: so
-- functions are few, rules are made when a policy wants them, and cells lie in lists that all entries share.

local CELL, SIZE, UNUSED = '<dI2I4I4', 18, '\0\0\0\0\0\0\0\0'
local floor, pack, unpack, sub = math.floor, struct.pack, struct.unpack, string.sub
local KEYS, ARGV, call = KEYS, ARGV, redis.pcall

local now = tonumber(ARGV[1])
if not now then
  local time = call('TIME')
  now = time[1] * 1000000 + time[2] - 1735689600000000
end

-- Most often there is one policy, of GCRA, and all want to take from it. That goes without all of the rest, in
-- half of the time; whatever is not as usual is left to the rest.
local done, reply, said = 0, { now, nil, nil, nil, nil }, 1
if ARGV[10] == 'A' and ARGV[2] == '1' and ARGV[3] == '1' and ARGV[5] == 'g' then
  local head = ARGV[4] .. '\n\n'
  local first = #head + 1
  local each_us, each_ns, units = tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9])
  local more = floor(units * each_ns / 1000)
  local most_us, most_ns = units * each_us + more, units * each_ns - more * 1000
  local cost, last = tonumber(ARGV[11]), tonumber(ARGV[12])
  local cost_us, cost_ns = cost * each_us, cost * each_ns
  for entry = 1, cost > 0 and last >= now and #KEYS or 0 do
    local key, us, ns = KEYS[entry], 0, 0
    local raw = call('GET', key)
    if raw then
      if type(raw) ~= 'string' or #raw ~= #head + SIZE or sub(raw, 1, first - 1) ~= head then break end
      us, ns = unpack('<dI2', raw, first)
      us = us - now
      if us < 0 then
        us, ns = 0, 0
      elseif us > most_us or (us == most_us and ns > most_ns) then
        us, ns = most_us, most_ns
      end
    end
    local new_us, new_ns, wait = us + cost_us, ns + cost_ns, -1
    if new_ns >= 1000 then
      more = floor(new_ns / 1000)
      new_us, new_ns = new_us + more, new_ns - more * 1000
    end
    if cost > units then
      wait = -2
    elseif new_us > most_us or (new_us == most_us and new_ns > most_ns) then
      wait = new_us - most_us + (new_ns > most_ns and 1 or 0)
    else
      us, ns = new_us, new_ns
      local value = head .. pack('<dI2', now + us, ns) .. UNUSED
      if call('SET', key, value, 'PX', floor(us / 1000) + 2).err then break end
    end
    -- What is taken, rounded up to whole units: a guess that is off by one at most, since it has 53 bits and a
    -- count has 32. The rest is what is more in those units than was taken.
    local taken, rest_us, rest_ns = floor((us + ns / 1000) / (each_us + each_ns / 1000)) - 1, 0, 0
    repeat
      taken = taken + 1
      more = floor(taken * each_ns / 1000)
      rest_us, rest_ns = taken * each_us + more - us, taken * each_ns - more * 1000 - ns
      if rest_ns < 0 then rest_us, rest_ns = rest_us - 1, rest_ns + 1000 end
    until rest_us >= 0
    local reset = taken > 0 and each_us - rest_us + (each_ns > rest_ns and 1 or 0) or 0
    reply[said + 1], reply[said + 2], reply[said + 3], reply[said + 4] = 0, wait, units - taken, reset
    said, done = said + 4, entry
  end
  if done == #KEYS then return reply end
end

local rules = {}

-- The cell is when it is as good as new, in microseconds and nanoseconds.
function rules.g()
  -- How far a cell is ahead, and no further than all of the burst.
  local function ahead(policy, us, ns)
    us = us - now
    if us < 0 then return 0, 0 end
    local most = policy.most_us
    if us > most or (us == most and ns > policy.most_ns) then return most, policy.most_ns end
    return us, ns
  end

  local function take(policy, us, ns, used, before, cost)
    if cost > policy.units then return nil, -2 end
    us, ns = ahead(policy, us, ns)
    us, ns = us + cost * policy.us, ns + cost * policy.ns
    if ns >= 1000 then
      local more = floor(ns / 1000)
      us, ns = us + more, ns - more * 1000
    end
    local most_us, most_ns = policy.most_us, policy.most_ns
    if us > most_us or (us == most_us and ns > most_ns) then
      -- Rounded up.
      return nil, us - most_us + (ns > most_ns and 1 or 0)
    end
    return now + us, ns, 0, 0
  end

  local function left(policy, us, ns)
    us, ns = ahead(policy, us, ns)
    local each_us, each_ns = policy.us, policy.ns
    -- As above.
    local taken, rest_us, rest_ns = floor((us + ns / 1000) / (each_us + each_ns / 1000)) - 1, 0, 0
    repeat
      taken = taken + 1
      local more = floor(taken * each_ns / 1000)
      rest_us, rest_ns = taken * each_us + more - us, taken * each_ns - more * 1000 - ns
      if rest_ns < 0 then rest_us, rest_ns = rest_us - 1, rest_ns + 1000 end
    until rest_us >= 0
    if taken == 0 then return policy.units, 0 end
    return policy.units - taken, each_us - rest_us + (each_ns > rest_ns and 1 or 0)
  end

  local function give_back(policy, us, ns, used, before, cost, taken_at, was_ahead)
    us, ns = ahead(policy, us, ns)
    local give_us, give_ns = cost * policy.us, cost * policy.ns
    local more = floor(give_ns / 1000)
    give_us, give_ns = give_us + more, give_ns - more * 1000
    if now > taken_at then was_ahead = was_ahead - (now - taken_at) end
    if was_ahead < 0 then was_ahead = 0 end
    if give_us >= was_ahead then give_us, give_ns = was_ahead, 0 end
    us, ns = us - give_us, ns - give_ns
    if ns < 0 then us, ns = us - 1, ns + 1000 end
    if us < 0 then us, ns = 0, 0 end
    return now + us, ns, 0, 0
  end

  return { take = take, left = left, give_back = give_back }
end

-- The policy whose arguments begin after `from`.
local function read_policy(from, rule)
  local units, us, ns = tonumber(ARGV[from + 6]), tonumber(ARGV[from + 4]), tonumber(ARGV[from + 5])
  local most_ns = units * ns
  local more = floor(most_ns / 1000)
  return {
    field = ARGV[from + 1], shadow = ARGV[from + 3] == '1', us = us, ns = ns, units = units,
    most_us = units * us + more, most_ns = most_ns - more * 1000,
    take = rule.take, left = rule.left, give_back = rule.give_back,
  }
end

-- The cell is when its window ends, and what was used of that.
function rules.f()
  local function open(policy, us, used)
    local ends = now + policy.us
    if us <= now then return ends, 0 end
    -- The window of a policy that was replaced may have been longer.
    return us < ends and us or ends, used
  end

  local function take(policy, us, ns, used, before, cost)
    if cost > policy.units then return nil, -2 end
    us, used = open(policy, us, used)
    if used + cost > policy.units then return nil, us - now end
    return us, 0, used + cost, 0
  end

  local function left(policy, us, ns, used)
    us, used = open(policy, us, used)
    return used < policy.units and policy.units - used or 0, used == 0 and 0 or us - now
  end

  local function give_back(policy, us, ns, used, before, cost, taken_at)
    local ends, open_used = open(policy, us, used)
    if taken_at < ends - policy.us then return us, ns, used, before end
    return ends, 0, open_used > cost and open_used - cost or 0, 0
  end

  return { take = take, left = left, give_back = give_back }
end

-- The cell is when the window after its own ends, and what was used of its own and of the one before.
function rules.s()
  -- The floor of a * b / c, and 1 if something is left; a < 2^32, b <= c < 2^52.
  local function muldiv(a, b, c)
    if a * b < 9007199254740992 then
      local left = (a * b) % c
      return (a * b - left) / c, left > 0 and 1 or 0
    end
    if b == c then return a, 0 end
    local quotient, left = 0, 0
    for bit = 31, 0, -1 do
      quotient, left = quotient * 2, left * 2
      if left >= c then quotient, left = quotient + 1, left - c end
      if floor(a / 2 ^ bit) % 2 == 1 then
        left = left + b
        if left >= c then quotient, left = quotient + 1, left - c end
      end
    end
    return quotient, left > 0 and 1 or 0
  end

  -- When the window after this one ends, what was used of this one and of the one before, and how long this
  -- one has lasted.
  local function open(policy, us, used, before)
    local period = policy.us
    if us <= now then return now + 2 * period, 0, 0, 0 end
    local ends = us < now + 2 * period and us or now + 2 * period
    local left = ends - now
    if left > period then return ends, used, before, 2 * period - left end
    return ends + period, 0, used, period - left
  end

  local function used_of(policy, used, before, elapsed)
    local faded, more = muldiv(before, policy.us - elapsed, policy.us)
    return used + faded + more
  end

  -- How long a window must last until the one before, of which `before` was used, counts as `room`.
  local function faded(policy, before, room)
    if before <= room then return 0 end
    -- Less than the period, as room < before.
    local rest = 0
    if room > 0 then
      local period, whole = policy.us, policy.us % before
      local part = muldiv(room, whole, before)
      rest = room * ((period - whole) / before) + part
    end
    return policy.us - rest
  end

  local function wait_of(policy, used, before, elapsed, cost)
    local room = policy.units - cost
    if room < 0 then return -2 end
    if room < used then return policy.us - elapsed + faded(policy, used, room) end
    local wait = faded(policy, before, room - used) - elapsed
    return wait > 0 and wait or 0
  end

  local function take(policy, us, ns, used, before, cost)
    local elapsed
    us, used, before, elapsed = open(policy, us, used, before)
    if used_of(policy, used, before, elapsed) + cost > policy.units then
      return nil, wait_of(policy, used, before, elapsed, cost)
    end
    return us, 0, used + cost, before
  end

  local function left(policy, us, ns, used, before)
    local elapsed
    us, used, before, elapsed = open(policy, us, used, before)
    local units = policy.units - used_of(policy, used, before, elapsed)
    if units < 0 then units = 0 end
    if units == policy.units then return units, 0 end
    local reset = wait_of(policy, used, before, elapsed, units + 1)
    return units, reset > 0 and reset or 0
  end

  local function give_back(policy, us, ns, used, before, cost, taken_at)
    local ends, open_used, open_before, elapsed = open(policy, us, used, before)
    local began = now - elapsed
    if taken_at >= began then
      open_used = open_used > cost and open_used - cost or 0
    elseif taken_at >= began - policy.us then
      open_before = open_before > cost and open_before - cost or 0
    end
    return ends, 0, open_used, open_before
  end

  return { take = take, left = left, give_back = give_back }
end

local sets, at = {}, 2
for s = 1, ARGV[2] do
  local set, head = {}, ''
  at = at + 1
  for p = 1, ARGV[at] do
    local kind = ARGV[at + 2]
    local rule = rules[kind]
    if type(rule) == 'function' then
      rule = rule()
      rules[kind] = rule
    end
    set[p] = read_policy(at, rule)
    head = head .. set[p].field .. '\n'
    at = at + 6
  end
  set.head = head .. '\n'
  sets[s] = set
end

-- The cells of the entry that is at work, and those it would have; others are what else its key holds.
local us, ns, used, before, others = { nil }, { nil }, { nil }, { nil }, nil
local new_us, new_ns, new_used, new_before, waits = { nil }, { nil }, { nil }, { nil }, { nil }

-- What a key holds that another set of policies has written, or that is not there.
local function read_other(set, raw)
  local cells = {}
  if raw then
    local fields = {}
    local from = 1
    while true do
      local line = string.find(raw, '\n', from, true)
      if not line then break end
      local field = sub(raw, from, line - 1)
      from = line + 1
      if field == '' then break end
      fields[#fields + 1] = field
    end
    for f = 1, #fields do
      cells[fields[f]] = sub(raw, from, from + SIZE - 1)
      from = from + SIZE
    end
  end
  for p = 1, #set do
    local cell = cells[set[p].field]
    cells[set[p].field] = nil
    us[p], ns[p], used[p], before[p] = 0, 0, 0, 0
    if cell and #cell == SIZE then us[p], ns[p], used[p], before[p] = unpack(CELL, cell) end
  end
  for field, cell in pairs(cells) do
    local ends = #cell == SIZE and unpack(CELL, cell)
    if ends and ends >= now then
      others = others or { head = '', cells = '', ends = 0 }
      others.head = others.head .. field .. '\n'
      others.cells = others.cells .. cell
      if ends > others.ends then others.ends = ends end
    end
  end
end

local function read(set, raw)
  others = nil
  local head = set.head
  local from = #head + 1
  if not raw or #raw ~= #head + #set * SIZE or sub(raw, 1, from - 1) ~= head then
    return read_other(set, raw)
  end
  for p = 1, #set do
    us[p], ns[p], used[p], before[p], from = unpack(CELL, raw, from)
  end
end

-- Writes the new cells, and sees to it that the key outlives each of them, but not for ever.
local function write(key, set)
  local value, ends = set.head, 0
  if others then value, ends = sub(value, 1, -2) .. others.head .. '\n', others.ends end
  for p = 1, #set do
    local new = new_us[p]
    if new > ends then ends = new end
    value = value .. pack(CELL, new, new_ns[p], new_used[p], new_before[p])
  end
  if others then value = value .. others.cells end
  if ends < now then
    call('DEL', key)
    return nil
  end
  return call('SET', key, value, 'PX', floor((ends - now) / 1000) + 2).err
end

local function fail(err)
  reply[said + 1], reply[said + 2] = 2, string.match(err, '^%-?(%S+)') or 'ERR'
  said = said + 2
end

local function decide(key, set, cost, commits)
  local allowed = commits and cost > 0
  for p = 1, #set do
    local policy = set[p]
    local a, b, c, d = policy.take(policy, us[p], ns[p], used[p], before[p], cost)
    if a then
      new_us[p], new_ns[p], new_used[p], new_before[p], waits[p] = a, b, c, d, -1
    else
      new_us[p], new_ns[p], new_used[p], new_before[p] = us[p], ns[p], used[p], before[p]
      waits[p] = b
      if not policy.shadow then allowed = false end
    end
  end
  local now_us, now_ns, now_used, now_before = us, ns, used, before
  if allowed then
    local err = write(key, set)
    if err then return fail(err) end
    now_us, now_ns, now_used, now_before = new_us, new_ns, new_used, new_before
  end
  reply[said + 1] = 0
  said = said + 1
  for p = 1, #set do
    local policy = set[p]
    local units, reset = policy.left(policy, now_us[p], now_ns[p], now_used[p], now_before[p])
    reply[said + 1], reply[said + 2], reply[said + 3] = waits[p], units, reset
    said = said + 3
  end
end

local function refund(key, set, cost, taken_at, first)
  local any = false
  for p = 1, #set do
    local policy, was_ahead = set[p], tonumber(ARGV[first + p])
    new_us[p], new_ns[p], new_used[p], new_before[p] = us[p], ns[p], used[p], before[p]
    if was_ahead >= 0 and us[p] > now then
      any = true
      new_us[p], new_ns[p], new_used[p], new_before[p] =
        policy.give_back(policy, us[p], ns[p], used[p], before[p], cost, taken_at, was_ahead)
    end
  end
  local err = any and write(key, set)
  if err then return fail(err) end
  said = said + 1
  reply[said] = 0
end

local function reset(key, set)
  local done
  if others then
    done = call('SET', key, others.head .. '\n' .. others.cells, 'PX', floor((others.ends - now) / 1000) + 2)
  else
    done = call('DEL', key)
  end
  if type(done) == 'table' and done.err then return fail(done.err) end
  said = said + 1
  reply[said] = 0
end

local all = ARGV[at + 1] == 'A'
for entry = done + 1, #KEYS do
  local key, what, set, cost, last, first = KEYS[entry], 'a', sets[1], ARGV[at + 2], ARGV[at + 3], at + 5
  if not all then
    what, set, cost, last = ARGV[at + 1], sets[tonumber(ARGV[at + 2])], ARGV[at + 3], ARGV[at + 4]
    at = what == 'r' and first + #set or at + 4
  end
  cost, last = tonumber(cost), tonumber(last)
  if now > last then
    said = said + 1
    reply[said] = 1
  else
    local raw = call('GET', key)
    if type(raw) == 'table' then
      fail(raw.err)
    else
      read(set, raw)
      if what == 'x' then
        reset(key, set)
      elseif what == 'r' then
        refund(key, set, cost, tonumber(ARGV[first]), first)
      else
        decide(key, set, cost, what == 'a')
      end
    end
  end
end
return reply
