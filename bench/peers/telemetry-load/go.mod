module example.com/bench/telemetry-load

go 1.26.0
