//! The few things that have to happen as one, inside Redis.

use redis::Script;
use std::sync::LazyLock;

/// Takes an entry apart: acknowledges and deletes it, and adds its parts to the isolated stream, unless someone else was first.
/// KEYS: stream, isolated, note. ARGV: group, id, hand-outs so far, note's life in ms, parts...
pub(crate) static SPLIT: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"if redis.call('XACK', KEYS[1], ARGV[1], ARGV[2]) == 0 then return 0 end
        redis.call('XDEL', KEYS[1], ARGV[2])
        for part = 5, #ARGV do redis.call('XADD', KEYS[2], '*', 'm', ARGV[part], 'n', ARGV[3]) end
        redis.call('SET', KEYS[3], '1', 'PX', ARGV[4])
        return 1",
    )
});

/// Moves an entry to the dead letters, unless someone else was first.
/// KEYS: stream, dead, error note. ARGV: group, id, reason, hand-outs, moment, kept.
pub(crate) static SET_ASIDE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"local entry = redis.call('XRANGE', KEYS[1], ARGV[2], ARGV[2])[1]
        if redis.call('XACK', KEYS[1], ARGV[1], ARGV[2]) == 0 then return 0 end
        redis.call('XDEL', KEYS[1], ARGV[2])
        redis.call('DEL', KEYS[3])
        local message = ''
        if entry then
            for at = 1, #entry[2], 2 do if entry[2][at] == 'm' then message = entry[2][at + 1] end end
        end
        redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[6], '*', 'm', message, 'reason', ARGV[3], 'deliveries', ARGV[4], 'at', ARGV[5])
        return 1",
    )
});

/// Removes consumers that have nothing pending and were not seen for a while. Inside a script, because a consumer that reads
/// something between the look and the removal would lose it for ever.
/// KEYS: stream. ARGV: group, idle ms, the caller (kept unless it is the one to remove), the one consumer meant or ''.
pub(crate) static REMOVE_CONSUMERS: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"local removed = 0
        if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
        local known = redis.pcall('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])
        if known.err then return 0 end
        for _, consumer in ipairs(known) do
            local field = {}
            for at = 1, #consumer, 2 do field[consumer[at]] = consumer[at + 1] end
            local meant = field.name == ARGV[4] or (ARGV[4] == '' and field.name ~= ARGV[3] and field.idle >= tonumber(ARGV[2]))
            if meant and field.pending == 0 then
                redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], field.name)
                removed = removed + 1
            end
        end
        return removed",
    )
});

/// Which of these entries are neither in the stream nor taken apart: they are done, or lost.
/// KEYS: stream, split notes... ARGV: ids in the order of the notes.
pub(crate) static GONE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"local gone = {}
        for at, id in ipairs(ARGV) do
            if #redis.call('XRANGE', KEYS[1], id, id) == 0 and redis.call('EXISTS', KEYS[at + 1]) == 0 then gone[#gone + 1] = id end
        end
        return gone",
    )
});

/// The numbers of one queue. KEYS: stream, isolated, dead. ARGV: group. Ages are those of the oldest ids, which are times.
pub(crate) static MEASURE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"local pending, consumers, oldest = 0, {}, ''
        for lane = 1, 2 do
            if redis.call('EXISTS', KEYS[lane]) == 1 then
                local known = redis.pcall('XINFO', 'CONSUMERS', KEYS[lane], ARGV[1])
                if not known.err then
                    for _, consumer in ipairs(known) do
                        local field = {}
                        for at = 1, #consumer, 2 do field[consumer[at]] = consumer[at + 1] end
                        pending = pending + field.pending
                        consumers[field.name] = true
                    end
                end
                local first = redis.call('XRANGE', KEYS[lane], '-', '+', 'COUNT', 1)[1]
                if first then
                    local ms = string.match(first[1], '^(%d+)')
                    if oldest == '' or tonumber(ms) < tonumber(oldest) then oldest = ms end
                end
            end
        end
        local count = 0
        for _ in pairs(consumers) do count = count + 1 end
        local now = redis.call('TIME')
        return {redis.call('XLEN', KEYS[1]), redis.call('XLEN', KEYS[2]), pending, count, redis.call('XLEN', KEYS[3]), oldest,
            now[1] .. string.sub('000000' .. now[2], -6, -4)}",
    )
});
