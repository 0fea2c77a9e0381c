module example.com/replaced

go 1.25.0

require (
	example.com/codec v0.0.0
	example.com/codectest v0.0.0
)

replace (
	example.com/codec => ../codec
	example.com/codectest => ../codectest
)
