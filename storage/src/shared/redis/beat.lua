-- Proves that a node may write and is heard. KEYS: its beat, which is its channel, too. ARGV: which beat, kept (ms).
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return redis.call('PUBLISH', KEYS[1], ARGV[1])
