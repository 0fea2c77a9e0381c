module example.com/vendored

go 1.25.0

require example.org/dep v1.2.3
