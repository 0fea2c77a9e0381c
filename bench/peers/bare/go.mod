module example.com/bench/bare

go 1.26.0

require example.com/bench/driver v0.0.0

replace example.com/bench/driver => ../../driver
