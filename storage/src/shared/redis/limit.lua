-- One step of a subject's bucket: rate_limit.rs makes the same sums, and says what they mean.
-- KEYS: bucket, index of the kind. ARGV: step, burst, per second, free failures, longest pause (ms), kept (ms), most subjects.
-- Answers milliseconds to wait, and subjects forgotten.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local step = ARGV[1]
local burst, rate, free = tonumber(ARGV[2]) * 1000, tonumber(ARGV[3]), tonumber(ARGV[4])
local pause_max, kept, most = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local row = redis.call('HMGET', KEYS[1], 'tokens', 'touched', 'failures', 'locked')
local known = row[1]
if not known and step == 'succeeded' then
  return {0, 0}
end
local tokens, touched = tonumber(row[1] or burst), tonumber(row[2] or now)
local failures, locked = tonumber(row[3] or 0), tonumber(row[4] or 0)
local elapsed = math.max(0, now - touched)
-- A pause longer than any given out is a clock that was set back.
if locked > now + pause_max then
  locked = 0
end
if elapsed >= kept then
  failures = 0
end
tokens = math.min(burst, tokens + elapsed * rate)
local wait = 0
if step == 'take' then
  if locked > now then
    wait = locked - now
  elseif tokens < 1000 then
    wait = math.ceil((1000 - tokens) / rate)
  else
    tokens = tokens - 1000
  end
elseif step == 'failed' then
  failures = failures + 1
  if failures > free then
    locked = now + math.min(1000 * 2 ^ math.min(failures - free - 1, 40), pause_max)
  end
else
  failures = 0
end
local forgotten = 0
if not known and redis.call('ZCARD', KEYS[2]) >= most then
  local oldest = redis.call('ZPOPMIN', KEYS[2])[1]
  forgotten = oldest and redis.call('DEL', oldest) or 0
end
-- A full bucket without failures is as good as none.
local lasts = math.max(math.ceil((burst - tokens) / rate), locked - now, 1)
if failures > 0 then
  lasts = math.max(lasts, kept)
end
redis.call('HSET', KEYS[1], 'tokens', tokens, 'touched', now, 'failures', failures, 'locked', locked)
redis.call('PEXPIRE', KEYS[1], lasts)
redis.call('ZADD', KEYS[2], now, KEYS[1])
redis.call('PEXPIRE', KEYS[2], math.max(kept, lasts))
return {wait, forgotten}
