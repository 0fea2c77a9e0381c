module example.com/codectest

go 1.24.0
