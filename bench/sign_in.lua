-- Wrong sign-ins for wrk, PER_SECOND of them over CONNECTIONS connections.
--   ADDRESSES  from how many addresses, as X-Forwarded-For says to who trusts this machine
-- The last line of its output is for the program that runs it.

local addresses = tonumber(os.getenv("ADDRESSES"))
local pause = 1000 * tonumber(os.getenv("CONNECTIONS")) / tonumber(os.getenv("PER_SECOND"))
local number = 0
local heard = {}
local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

function init(args)
  counts = ""
end

function delay()
  return math.floor(pause)
end

function request()
  number = number + 1
  local from = number % addresses
  local address = string.format("198.18.%d.%d", math.floor(from / 250), from % 250)
  return wrk.format("POST", "/api/auth/login/local",
    { ["Content-Type"] = "application/json", ["X-Forwarded-For"] = address },
    string.format('{"username":"nobody%d","password":"wrong wrong"}', number))
end

function response(status)
  heard[status] = (heard[status] or 0) + 1
  local listed = {}
  for code, times in pairs(heard) do table.insert(listed, string.format('"%d":%d', code, times)) end
  counts = table.concat(listed, ",")
end

function done(summary)
  io.write(string.format('RESULT {"seconds":%.3f,"heard":{%s}}\n', summary.duration / 1e6, threads[1]:get("counts")))
end
