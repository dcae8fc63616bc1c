-- Heartbeats for wrk, the same for every server: each of AGENTS ids in turn.
--   AGENT_TOKEN  sent as Bearer
--   AGENTS       how many ids
--   ONE_SHOT     set: a connection per heartbeat
-- The last line of its output is for the program that runs it.

local requests = {}
local number = 0

function init(args)
  local agents = tonumber(os.getenv("AGENTS"))
  local headers = {
    ["Content-Type"] = "application/json",
    ["User-Agent"] = "Telegraf/1.40.0 Go/1.25.3",
    ["Authorization"] = "Bearer " .. os.getenv("AGENT_TOKEN"),
  }
  if os.getenv("ONE_SHOT") then headers["Connection"] = "close" end
  -- Made once: what is measured is the server, not this script.
  for agent = 1, agents do
    local body = string.format(
      '{"id":"bench-%07d","version":"Telegraf 1.40.0 (git: HEAD@b2726314)","schema":1,"hostname":"host-%07d.example",'
      .. '"configurations":["/etc/telegraf/telegraf.conf"],'
      .. '"statistics":{"errors":0,"warnings":0,"metrics":%d},"status":"OK"}',
      agent, agent, 400 + agent % 800)
    requests[agent] = wrk.format("POST", "/agents/heartbeat", headers, body)
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
