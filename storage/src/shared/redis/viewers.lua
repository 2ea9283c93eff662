-- Replaces what a node tells of its viewers, and sums what the others tell.
-- KEYS: nodes, viewers of this node. ARGV: this node, kept (ms), what the keys of viewers begin with, most nodes, then camera and
-- count in turn. Answers camera and sum in turn.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local me, kept = ARGV[1], tonumber(ARGV[2])
redis.call('DEL', KEYS[2])
for i = 5, #ARGV, 2 do
  redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1])
end
redis.call('PEXPIRE', KEYS[2], kept)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('ZADD', KEYS[1], now + kept, me)
redis.call('PEXPIRE', KEYS[1], kept)
local sums, answer = {}, {}
for _, node in ipairs(redis.call('ZRANGE', KEYS[1], 0, ARGV[4] - 1)) do
  local told = node ~= me and redis.call('HGETALL', ARGV[3] .. node) or {}
  for i = 1, #told, 2 do
    sums[told[i]] = (sums[told[i]] or 0) + told[i + 1]
  end
end
for camera, sum in pairs(sums) do
  answer[#answer + 1] = camera
  answer[#answer + 1] = tostring(sum)
end
return answer
