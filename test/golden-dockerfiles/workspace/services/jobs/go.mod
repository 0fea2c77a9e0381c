module example.com/jobs

go 1.25.0
