-- GET for wrk, of each path in the file PATHS in turn, with AGENT_TOKEN as Bearer.
-- The last line of its output is for the program that runs it.

local requests = {}
local number = 0

function init(args)
  local headers = {
    ["Accept"] = "application/toml",
    ["User-Agent"] = "Telegraf/1.40.0 Go/1.25.3",
    ["Authorization"] = "Bearer " .. os.getenv("AGENT_TOKEN"),
  }
  -- Made once: what is measured is the server, not this script.
  for path in io.lines(os.getenv("PATHS")) do
    requests[#requests + 1] = wrk.format("GET", path, headers)
  end
end

function request()
  number = number % #requests + 1
  return requests[number]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    'RESULT {"seconds":%.6f,"answers":%d,"not_2xx":%d,"broken":%d,"timeouts":%d,"p50_ms":%.3f,"p99_ms":%.3f}\n',
    summary.duration / 1e6, summary.requests, errors.status, errors.connect + errors.read + errors.write,
    errors.timeout, latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
