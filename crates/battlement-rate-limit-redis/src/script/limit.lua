-- Makes rate limit decisions. Reads the clock once, decides each entry as a whole, and leaves no key without a TTL.
--
-- Arguments and reply are packed in little endian: d is a double, I a 4-byte unsigned integer, B a byte.
--
-- KEYS  one for each entry
-- ARGV  d: the time, or 0 for the time of the server. If all entries acquire the same cost from the same policy, which
--       uses GCRA, then d: the deadline; the policy's mark; the cost and the capacity, in microseconds and nanoseconds
--       each; its rule and its scale. Otherwise zeros, and two more arguments:
--       the sets, I: their number; of each, I: the number of policies; of each policy, B: kind (1 GCRA, 2 fixed window,
--       3 sliding window), shadow (0, 1), d: mark, microseconds and nanoseconds of its interval or period, units,
--       I: rule, and d: scale, which is the nanoseconds of an interval or, rounded up, the microseconds of a period;
--       the entries, of each B: operation (1 acquire, 2 peek, 3 refund, 4 reset); I: the set, the cost; d: the
--       deadline; and of a refund, d: the time of the charge, and for each policy the time by which its cell was
--       ahead then, or -1 if nothing was charged.
-- reply d: the time; and for each entry, s if it was stale; e, the code of an error and a newline; d if a refund
--       or a reset was done; or else for each policy c if it was charged, y if it would have been, n if not, followed
--       by the value of a key that holds only these policies.
--
-- A key holds d: the end of its TTL, and a cell for each policy, d: its mark, the time at which all units are
-- available; I: with GCRA the nanoseconds of that time and the rule that wrote it, or the units used in the window and
-- in the one before; d: the scale of the policy that wrote it. Times are whole microseconds since 2025, which a double
-- represents exactly.
--
-- After a change of a policy's numbers, or after a clock was set back, cells are settled before the decision, and
-- written if they changed, whatever the decision is: a client that waits as the reply says must have less to wait for
-- when it retries. `decide.rs` does the same in memory.
--
-- Redis runs this text from the beginning for each call. Creating tables, functions and strings and formatting numbers
-- take most of the time, so there are few of them; the reader of the cells computes the remaining units and the wait.

local KEYS, ARGV, call, pack, unpack = KEYS, ARGV, redis.pcall, struct.pack, struct.unpack
local ONE, ONE_SIZE = '<dddIId', 40

local now, last, mark, cost_us, cost_ns, most_us, most_ns, rule, scale = unpack('<ddddddddd', ARGV[1])
if now == 0 then
  -- An error of this command fails the whole script: without a clock there is no decision.
  local time = redis.call('TIME')
  now = time[1] * 1000000 + time[2] - 1735689600000000
end

-- Fast path: one policy, which uses GCRA, and entries that all acquire. All other cases are left to the code below.
-- A single entry needs no table to build its reply.
local stamp, reply, length, done = pack('<d', now), nil, 1, 0
if mark ~= 0 and last >= now then
  if #KEYS > 1 then reply = { stamp, nil, nil, nil } end
  for entry = 1, #KEYS do
    local key, lives, cell_mark, us, ns, id = KEYS[entry], 0, mark, 0, 0, rule
    local raw = call('GET', key)
    if raw then
      if #raw ~= ONE_SIZE then break end
      lives, cell_mark, us, ns, id = unpack(ONE, raw)
      if cell_mark ~= mark then break end
    end
    local ahead = us - now
    if ahead < 0 then
      ahead, ns = 0, 0
    elseif id ~= rule or ahead > most_us or (ahead == most_us and ns > most_ns) then
      break
    end
    ahead, ns = ahead + cost_us, ns + cost_ns
    if ns >= 1000 then ahead, ns = ahead + 1, ns - 1000 end
    local decision, res = 'c', nil
    if ahead > most_us or (ahead == most_us and ns > most_ns) then
      decision = 'n'
    elseif now + ahead < lives then
      raw = pack(ONE, lives, mark, now + ahead, ns, rule, scale)
      res = call('SET', key, raw, 'KEEPTTL')
    else
      -- Writing a TTL takes as long as writing the key, so the TTL is longer than necessary by a quarter and a second,
      -- and not written again soon.
      local ms = (ahead - ahead % 800) / 800 + 1003
      raw = pack(ONE, now + ms * 1000 - 2000, mark, now + ahead, ns, rule, scale)
      res = call('SET', key, raw, 'PX', ms)
    end
    if res and res.err then break end
    if not reply then return stamp .. decision .. raw end
    reply[length + 1], reply[length + 2] = decision, raw
    length, done = length + 2, entry
  end
  if done == #KEYS then return table.concat(reply) end
end

reply = reply or { stamp }
local CELL, CELL_SIZE = '<ddIId', 32
local floor, sub = math.floor, string.sub

-- The functions of each kind on a settled cell: `settle` also returns whether the cell changed, `take` returns nil if
-- too little remains. `refund` accepts unsettled cells, and leaves those of another rule unsettled.
local kinds = {}

-- GCRA: `a` is the nanoseconds of `us`, `b` the rule, `c` the nanoseconds that one used unit stands for.
kinds[1] = function()
  local OVERDRAWN = 1

  local function wrote(policy, id)
    return id == policy.rule or id == policy.rule + OVERDRAWN
  end

  local function nanos_of(policy, c)
    if c > 0 and c < math.huge then return c end
    return policy.scale
  end

  -- Returns a cell that is ahead by this much, in which other rules count one used unit for each `nanos`.
  local function cell(policy, us, ns, nanos)
    if nanos < policy.scale then return now + us, ns, policy.rule + OVERDRAWN, nanos end
    return now + us, ns, policy.rule, policy.scale
  end

  local function settle(policy, us, ns, id, c)
    local ahead_us = us - now
    if ahead_us < 0 or (ahead_us == 0 and ns == 0) then return us, ns, id, c, false end
    if wrote(policy, id) then
      if ahead_us > policy.most_us or (ahead_us == policy.most_us and ns > policy.most_ns) then
        return now + policy.most_us, policy.most_ns, id, c, true
      end
      return us, ns, id, c, false
    end
    local used = (ahead_us * 1000 + ns) / nanos_of(policy, c)
    local least = used * (1 - 4 * 2 ^ -52)
    local ahead = used * policy.scale
    if ahead >= 2 ^ 50 then ahead = least * policy.scale end
    if ahead < policy.most_us * 1000 + policy.most_ns then
      ahead = floor(ahead)
      ns = math.fmod(ahead, 1000)
      ahead_us = (ahead - ns) / 1000
    else
      ahead_us, ns = policy.most_us, policy.most_ns
    end
    local nanos = policy.scale
    -- Rounded up: a client must not gain units by alternating between two policies.
    if least > policy.units then nanos = (ahead_us * 1000 + ns) / math.ceil(least) end
    us, ns, id, c = cell(policy, ahead_us, ns, nanos)
    return us, ns, id, c, true
  end

  local function take(policy, us, ns, id, c, cost)
    local ahead_us = us - now
    if ahead_us < 0 then ahead_us, ns = 0, 0 end
    local new_us, new_ns = ahead_us + cost * policy.us, ns + cost * policy.ns
    local more = floor(new_ns / 1000)
    new_us, new_ns = new_us + more, new_ns - more * 1000
    if new_us > policy.most_us or (new_us == policy.most_us and new_ns > policy.most_ns) then return nil end
    local nanos = policy.scale
    if id ~= policy.rule and ahead_us * 1000 + ns > 0 then
      nanos = (new_us * 1000 + new_ns) / ((ahead_us * 1000 + ns) / nanos_of(policy, c) + cost * policy.step)
    end
    return cell(policy, new_us, new_ns, nanos)
  end

  local function refund(policy, us, ns, id, c, cost, taken_at, was_ahead)
    local refund_us, refund_ns = cost * policy.us, cost * policy.ns
    local more = floor(refund_ns / 1000)
    refund_us, refund_ns = refund_us + more, refund_ns - more * 1000
    if now > taken_at then was_ahead = was_ahead - (now - taken_at) end
    if was_ahead < 0 then was_ahead = 0 end
    if refund_us >= was_ahead then refund_us, refund_ns = was_ahead, 0 end
    if wrote(policy, id) then
      us, ns = settle(policy, us, ns, id, c)
    else
      local refund_nanos = floor((refund_us * 1000 + refund_ns) / policy.scale * nanos_of(policy, c))
      refund_ns = math.fmod(refund_nanos, 1000)
      refund_us = (refund_nanos - refund_ns) / 1000
    end
    us, ns = us - refund_us, ns - refund_ns
    if ns < 0 then us, ns = us - 1, ns + 1000 end
    if us < now then us, ns = now, 0 end
    return us, ns, id, c
  end

  return { settle = settle, take = take, refund = refund }
end

-- Windows: `us` is the end of the last window that counts, `c` the scale of their period.
local function settles(windows)
  return function(policy, us, used, before, c)
    local left, most = us - now, windows * policy.us
    if left <= 0 then return us, used, before, c, false end
    if c == policy.scale then
      if left > most then return now + most, used, before, c, true end
      return us, used, before, c, false
    end
    local periods = left / c
    if not (periods >= 0 and periods < windows) then periods = windows end
    return now + floor(periods * policy.us), used, before, policy.scale, true
  end
end

-- A fixed window: `us` is its end, `a` the units used in it.
kinds[2] = function()
  local settle = settles(1)

  local function open(policy, us, used)
    if us <= now then return now + policy.us, 0 end
    return us, used
  end

  local function take(policy, us, used, _, _, cost)
    us, used = open(policy, us, used)
    if used + cost > policy.units then return nil end
    return us, used + cost, 0, policy.scale
  end

  local function refund(policy, us, used, before, c, cost, taken_at)
    if c ~= policy.scale then return us, used > cost and used - cost or 0, 0, c end
    local ends, open_used = open(policy, settle(policy, us, used, before, c))
    if taken_at < ends - policy.us then return us, used, before, c end
    return ends, open_used > cost and open_used - cost or 0, 0, c
  end

  return { settle = settle, take = take, refund = refund }
end

-- A sliding window: `us` is the end of the next window, `a` the units used in this one, `b` in the one before.
kinds[3] = function()
  local settle = settles(2)

  -- Returns a * b / c, rounded up; a < 2^32, b <= c < 2^52.
  local function muldiv(a, b, c)
    if a * b < 9007199254740992 then
      local left = (a * b) % c
      return (a * b - left) / c + (left > 0 and 1 or 0)
    end
    if b == c then return a end
    local quotient, left = 0, 0
    for bit = 31, 0, -1 do
      quotient, left = quotient * 2, left * 2
      if left >= c then quotient, left = quotient + 1, left - c end
      if floor(a / 2 ^ bit) % 2 == 1 then
        left = left + b
        if left >= c then quotient, left = quotient + 1, left - c end
      end
    end
    return quotient + (left > 0 and 1 or 0)
  end

  -- Returns the end of the next window, the units used in this one and in the one before, and the time since this one
  -- began.
  local function open(policy, us, used, before)
    local period, left = policy.us, us - now
    if left <= 0 then return now + 2 * period, 0, 0, 0 end
    if left > period then return us, used, before, 2 * period - left end
    return us + period, 0, used, period - left
  end

  local function take(policy, us, used, before, _, cost)
    local elapsed
    us, used, before, elapsed = open(policy, us, used, before)
    local period = policy.us
    if used + muldiv(before, period - elapsed, period) + cost > policy.units then return nil end
    return us, used + cost, before, policy.scale
  end

  local function refund(policy, us, used, before, c, cost, taken_at)
    if c ~= policy.scale then
      -- The units were charged before the period changed, to either window.
      local rest = cost > before and cost - before or 0
      return us, used > rest and used - rest or 0, before > cost and before - cost or 0, c
    end
    local ends, open_used, open_before, elapsed = open(policy, settle(policy, us, used, before, c))
    local began = now - elapsed
    if taken_at >= began then
      open_used = open_used > cost and open_used - cost or 0
    elseif taken_at >= began - policy.us then
      open_before = open_before > cost and open_before - cost or 0
    end
    return ends, open_used, open_before, c
  end

  return { settle = settle, take = take, refund = refund }
end

-- Creates a policy of a set. The functions of a kind are created with its first policy.
local function new_policy(kind, shadow, mark, us, ns, units, rule, scale)
  local functions = kinds[kind]
  if type(functions) == 'function' then
    functions = functions()
    kinds[kind] = functions
  end
  local most_ns = units * ns
  local more = floor(most_ns / 1000)
  return {
    settle = functions.settle, take = functions.take, refund = functions.refund,
    grows = kind == 1, shadow = shadow == 1,
    mark = mark, us = us, ns = ns, units = units, step = 1, rule = rule, scale = scale,
    most_us = units * us + more, most_ns = most_ns - more * 1000,
  }
end

-- Reads the sets, each with the indexes of its policies by their marks.
local function read_sets()
  if mark ~= 0 then
    -- The whole cost of an entry counts as one unit, and the capacity is their number.
    local policy = new_policy(1, 0, mark, cost_us, cost_ns, 0, rule, scale)
    policy.most_us, policy.most_ns = most_us, most_ns
    policy.step = floor((cost_us * 1000 + cost_ns) / scale + 0.5)
    policy.units = floor((most_us * 1000 + most_ns) / scale + 0.5)
    return { { policy, size = 1, indexes = { [mark] = 1 } } }
  end
  local sets, word, at, count, size = {}, ARGV[2], 5, unpack('<I', ARGV[2]), nil
  for s = 1, count do
    size, at = unpack('<I', word, at)
    local set = { size = size, indexes = {} }
    for p = 1, size do
      local kind, shadow, policy_mark, us, ns, units, rule, scale
      kind, shadow, policy_mark, us, ns, units, rule, scale, at = unpack('<BBddddId', word, at)
      set[p] = new_policy(kind, shadow, policy_mark, us, ns, units, rule, scale)
      set.indexes[policy_mark] = p
    end
    sets[s] = set
  end
  return sets
end

-- The cells of the current entry, and its new cells. The end of its key's TTL, and the rest of the key: the cells of
-- other policies, and the time at which all units of those are available. Whether settling changed a cell.
local us, a, b, c = { nil }, { nil }, { nil }, { nil }
local new_us, new_a, new_b, new_c = { nil }, { nil }, { nil }, { nil }
local lives, others, others_us, dirty

local function read(set, raw)
  lives, others, others_us, dirty = 0, '', 0, false
  for p = 1, set.size do
    us[p], a[p], b[p], c[p] = 0, 0, 0, 0
  end
  if not raw or #raw % CELL_SIZE ~= 8 then return end
  local any = false
  for at = 9, #raw, CELL_SIZE do
    local cell_mark, until_us, x, y, z = unpack(CELL, raw, at)
    local p = set.indexes[cell_mark]
    if p then
      any = true
      us[p], a[p], b[p], c[p] = until_us, x, y, z
    elseif until_us >= now and until_us - now < 9007199254740992 then
      others = others .. sub(raw, at, at + CELL_SIZE - 1)
      if until_us > others_us then others_us = until_us end
    end
  end
  -- A value of another application may look like cells, but has none of the marks.
  if any then lives = unpack('<d', raw) end
end

local function settle(set)
  for p = 1, set.size do
    local changed
    us[p], a[p], b[p], c[p], changed = set[p].settle(set[p], us[p], a[p], b[p], c[p])
    dirty = dirty or changed
  end
end

local function cells(set, us, a, b, c)
  local text = ''
  for p = 1, set.size do
    text = text .. pack(CELL, set[p].mark, us[p], a[p], b[p], c[p])
  end
  return text
end

-- Writes cells, with a TTL that outlives them by a limited time. The TTL of a key whose cells were settled may have
-- been much too long.
local function write(key, set, us, a, b, c)
  local until_us, likely_us = others_us, others_us
  for p = 1, set.size do
    if us[p] > until_us then until_us = us[p] end
    local longer = us[p] > now and set[p].grows and (us[p] - now) / 4 + 1000000 or 0
    if us[p] + longer > likely_us then likely_us = us[p] + longer end
  end
  if until_us < now then return call('DEL', key) end
  local text = cells(set, us, a, b, c) .. others
  if until_us < lives and not dirty then return call('SET', key, pack('<d', lives) .. text, 'KEEPTTL') end
  local ms = floor((likely_us - now) / 1000) + 3
  return call('SET', key, pack('<d', now + ms * 1000 - 2000) .. text, 'PX', ms)
end

local function append(word)
  length = length + 1
  reply[length] = word
end

-- Returns whether a command succeeded; if not, adds its error to the reply.
local function is_done(res)
  if type(res) ~= 'table' or not res.err then return true end
  append('e' .. (string.match(res.err, '^%-?(%S+)') or 'ERR') .. '\n')
end

local function decide(key, set, cost, commits)
  settle(set)
  local allowed, decisions = commits and cost > 0, ''
  for p = 1, set.size do
    local policy, decision = set[p], 'y'
    new_us[p], new_a[p], new_b[p], new_c[p] = policy.take(policy, us[p], a[p], b[p], c[p], cost)
    if not new_us[p] then
      decision = 'n'
      new_us[p], new_a[p], new_b[p], new_c[p] = us[p], a[p], b[p], c[p]
      if not policy.shadow then allowed = false end
    end
    decisions = decisions .. decision
  end
  local text
  if allowed then
    if not is_done(write(key, set, new_us, new_a, new_b, new_c)) then return end
    decisions, text = string.gsub(decisions, 'y', 'c'), cells(set, new_us, new_a, new_b, new_c)
  else
    if dirty and not is_done(write(key, set, us, a, b, c)) then return end
    text = cells(set, us, a, b, c)
  end
  append(decisions .. pack('<d', 0) .. text)
end

local function refund(key, set, cost, taken_at, was_ahead)
  local any = false
  for p = 1, set.size do
    local policy = set[p]
    new_us[p], new_a[p], new_b[p], new_c[p] = us[p], a[p], b[p], c[p]
    if was_ahead[p] >= 0 and us[p] > now then
      any = true
      new_us[p], new_a[p], new_b[p], new_c[p] =
        policy.refund(policy, us[p], a[p], b[p], c[p], cost, taken_at, was_ahead[p])
    end
  end
  if not any or is_done(write(key, set, new_us, new_a, new_b, new_c)) then append('d') end
end

local function reset(key, set)
  for p = 1, set.size do
    new_us[p], new_a[p], new_b[p], new_c[p] = 0, 0, 0, 0
  end
  if is_done(write(key, set, new_us, new_a, new_b, new_c)) then append('d') end
end

local sets, at = read_sets(), 1
for entry = done + 1, #KEYS do
  local key, operation, set, cost, taken_at, was_ahead = KEYS[entry], 1, 1, 1, nil, {}
  if mark == 0 then
    operation, set, cost, last, at = unpack('<BIId', ARGV[3], at)
    if operation == 3 then
      taken_at, at = unpack('<d', ARGV[3], at)
      for p = 1, sets[set].size do
        was_ahead[p], at = unpack('<d', ARGV[3], at)
      end
    end
  end
  set = sets[set]
  local raw = now <= last and call('GET', key)
  if now > last then
    append('s')
  elseif is_done(raw) then
    read(set, raw)
    if operation == 4 then
      reset(key, set)
    elseif operation == 3 then
      refund(key, set, cost, taken_at, was_ahead)
    else
      decide(key, set, cost, operation == 1)
    end
  end
end
return table.concat(reply)
