-- Reads a request's body before the request is counted: who sends slowly holds up nobody else, and has @BODY_SECONDS@ s for all of it.
-- nginx alone has a time between two reads only (client_body_timeout), so that a byte now and then could go on for days.
-- https://github.com/openresty/lua-nginx-module#ngxreqread_body

-- Bytes of a request line and headers: multi-model-server takes 8,192 with what nginx adds, and refuses others in words of its own.
local HEADERS = 7900
local SECONDS, SMALL, SPACE, PAYLOAD = @BODY_SECONDS@, @BODY_SMALL@, @BODY_SPACE@, @PAYLOAD@

-- Bytes announced, by connection, of the larger bodies that are arriving, and their sum: they must fit in the folder they are kept in.
local arriving, sum = {}, 0

local function released()
    local connection = ngx.var.connection
    if arriving[connection] then
        sum = sum - arriving[connection]
        arriving[connection] = nil
    end
end

-- Answers 431 for long headers, 408 after SECONDS, 503 where there is no space; nginx itself answers 400 (chunks in disorder) and 413.
local function read()
    if tonumber(ngx.var.request_length) > HEADERS then
        return ngx.exec("@long_headers")
    end
    local announced = ngx.var.http_transfer_encoding and PAYLOAD or tonumber(ngx.var.http_content_length) or 0
    if announced > SMALL then
        if sum + announced > SPACE then
            return ngx.exit(ngx.HTTP_SERVICE_UNAVAILABLE)
        end
        arriving[ngx.var.connection] = announced
        sum = sum + announced
    end
    local whole = false
    local reading = ngx.thread.spawn(function()
        ngx.req.read_body()
        whole = true
    end)
    if not whole then
        local clock = ngx.thread.spawn(function() ngx.sleep(SECONDS) end)
        ngx.thread.wait(reading, clock)
        ngx.thread.kill(whole and clock or reading)
    end
    released()
    if not whole then
        return ngx.exec("@slow")
    end
end

return { read = read, released = released }
