-- Uses a ticket up. KEYS: ticket, index of the kind.
redis.call('ZREM', KEYS[2], KEYS[1])
return redis.call('GETDEL', KEYS[1])
