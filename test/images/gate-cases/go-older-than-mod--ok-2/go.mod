module example.com/shop

go 1.26.0 // as in CI

toolchain go1.26.3
