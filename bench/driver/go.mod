module example.com/bench/driver

go 1.26.0
