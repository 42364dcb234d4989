-- A little of everything that Lua programs do. Each part runs `rounds` times and prints a checksum of what it computed.
-- Nothing depends on addresses, on the time, or on functions of the C library that differ from one to the next.

local rounds = math.tointeger(tonumber((...)))

local function new_random(seed)
  local state = seed
  return function(below)
    state = (state * 6364136223846793005 + 1442695040888963407)
    return (state >> 33) % below
  end
end

local function new_checksum()
  local hash = -3750763034362895579 -- FNV-1a's offset basis
  local function add(...)
    for i = 1, select("#", ...) do
      local text = tostring((select(i, ...)))
      for at = 1, #text do hash = (hash ~ text:byte(at)) * 1099511628211 end
    end
  end
  return add, function() return string.format("%016x", hash) end
end

local function text_of(words, random)
  local syllables = { "ka", "lo", "mi", "ter", "un", "da", "re", "sol", "vi", "ö" }
  local out = {}
  for i = 1, words do
    local word = {}
    for j = 1, 1 + random(3) do word[j] = syllables[1 + random(#syllables)] end
    out[i] = table.concat(word)
  end
  return table.concat(out, " ")
end

local parts = {}

function parts.strings(random, add)
  local text = text_of(60, random)
  local counts, order = {}, {}
  for word in text:gmatch("%S+") do
    if not counts[word] then order[#order + 1] = word end
    counts[word] = (counts[word] or 0) + 1
  end
  table.sort(order, function(a, b)
    if counts[a] ~= counts[b] then return counts[a] > counts[b] end
    return a < b
  end)
  for i = 1, math.min(5, #order) do add(string.format("%-10s|%3d;", order[i], counts[order[i]])) end
  local swapped, times = text:gsub("(%a+) (%a+)", "%2-%1")
  add(swapped, times, text:upper():sub(5, 30), text:reverse():sub(-12), utf8.len(text))
  add(text:find("r[aeiou]%s"), (text:gsub("[aeiou]", { a = "4", e = "3" })):sub(1, 40))
  local packed = string.pack("<i4s2d", #text, text:sub(1, 9), 1.5)
  add(#packed, string.unpack("<i4s2d", packed))
end

function parts.tables(random, add)
  local records = {}
  for i = 1, 60 do records[i] = { id = i, group = "g" .. random(7), value = random(1000) } end
  table.sort(records, function(a, b) return a.value < b.value or (a.value == b.value and a.id < b.id) end)
  local groups = {}
  for _, record in ipairs(records) do
    local group = groups[record.group] or { n = 0, sum = 0 }
    group.n, group.sum = group.n + 1, group.sum + record.value
    groups[record.group] = group
  end
  for i = 0, 6 do
    local group = groups["g" .. i]
    if group then add(i, group.n, group.sum, group.sum // group.n) end
  end
  local list = table.move(records, 1, 20, 3, { { id = -2 }, { id = -3 } })
  for _ = 1, 10 do table.remove(list, 1 + random(#list)) end
  table.insert(list, 2, { id = -1 })
  for _, record in ipairs(list) do add(record.id, ",") end
  for key in pairs(groups) do groups[key] = nil end
  add(next(groups) == nil)
end

function parts.closures(_, add)
  local function compose(f, g) return function(...) return f(g(...)) end end
  local function counter()
    local n = 0
    return function() n = n + 1 return n end, function() return n end
  end
  local tick, read = counter()
  local function map(list, f)
    local out = {}
    for i, value in ipairs(list) do tick() out[i] = f(value) end
    return out
  end
  local function fold(list, f, start)
    for _, value in ipairs(list) do start = f(start, value) end
    return start
  end
  local numbers = {}
  for i = 1, 50 do numbers[i] = i end
  local f = compose(function(x) return x * x % 101 end, function(x) return x + 7 end)
  for _ = 1, 4 do numbers = map(numbers, f) end
  add(fold(numbers, function(a, b) return a * 31 + b end, 0), read())
  local memo = setmetatable({}, { __mode = "k" })
  local fib
  fib = function(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end
  memo[fib] = fib(11)
  add(memo[fib])
end

local Vector = {}
Vector.__index = Vector
Vector.__add = function(a, b) return setmetatable({ x = a.x + b.x, y = a.y + b.y }, Vector) end
Vector.__mul = function(a, k) return setmetatable({ x = a.x * k, y = a.y * k }, Vector) end
Vector.__eq = function(a, b) return a.x == b.x and a.y == b.y end
Vector.__lt = function(a, b) return a:norm() < b:norm() end
Vector.__len = function() return 2 end
Vector.__call = function(self, name) return self[name] end
Vector.__tostring = function(v) return string.format("(%.14g %.14g)", v.x, v.y) end
function Vector:norm() return math.sqrt(self.x * self.x + self.y * self.y) end

function parts.objects(random, add)
  local sum = setmetatable({ x = 0.0, y = 0.0 }, Vector)
  for i = 1, 60 do
    local v = setmetatable({ x = random(100) / 8, y = i / 3 }, Vector)
    if v < sum then sum = sum + v * 0.5 else sum = sum + v end
  end
  add(tostring(sum), sum == sum * 1, #sum, sum("x"))
end

function parts.numbers(random, add)
  local sum, odd = 0.0, 0
  for i = 1, 150 do
    local n = random(1 << 30)
    odd = odd ~ (n << (i & 15)) | (n >> 3)
    sum = sum + n / 7 - n // 3.0 + n % 2.5
    if math.type(n / 1) == "float" and n % 2 == 0 then sum = -sum end
  end
  add(odd, sum, math.maxinteger + 1 == math.mininteger, -7 // 2, -7 % 3, 7.5 // -2, tostring(1e15), 2^53, 0x7fp-3)
  add(string.format("%x %5.2f %g %q %i", 255, sum, sum, "a\nb", 42), tonumber("0x1p4"), tonumber("z", 36), 1 // 0.0)
end

function parts.queens(_, add)
  local n, solutions = 6, 0
  local columns, up, down = {}, {}, {}
  local function place(row)
    if row > n then solutions = solutions + 1 return end
    for column = 1, n do
      local u, d = row + column, row - column + n
      if not (columns[column] or up[u] or down[d]) then
        columns[column], up[u], down[d] = true, true, true
        place(row + 1)
        columns[column], up[u], down[d] = nil, nil, nil
      end
    end
  end
  place(1)
  add(solutions)
end

function parts.code(random, add)
  local terms = {}
  for i = 1, 8 do terms[i] = string.format("x * %d + y // %d", random(50), 1 + random(9)) end
  local source = "local x, y = ... ; local t = {" .. table.concat(terms, ", ") .. "} ; return #t, t[1] - t[8]"
  local chunk = load(source, "generated", "t")
  add(chunk(random(100), random(100)))
  add(pcall(chunk, 3, 4))
  for i = 1, 10 do
    if i % 2 == 0 then goto continue end
    add(i)
    ::continue::
  end
end

function parts.garbage(random, add)
  local kept = {}
  for i = 1, 200 do
    local node = { i, tostring(i) .. "#", { next = kept[i % 10] and kept[i % 10][1] } }
    if random(3) == 0 then kept[i % 10] = node end
  end
  collectgarbage("step")
  for i = 0, 9 do if kept[i] then add(kept[i][2], kept[i][3].next) end end
end

for _, name in ipairs { "strings", "tables", "closures", "objects", "numbers", "queens", "code", "garbage" } do
  local random = new_random(20260 + #name)
  local add, result = new_checksum()
  for _ = 1, rounds do parts[name](random, add) end
  print(name, result())
end
collectgarbage()
