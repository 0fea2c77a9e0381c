module example.com/api

go 1.25.0
