package main

import (
	"testing"

	"example.com/codectest"
)

func TestCodec(t *testing.T) { codectest.Check(t) }
