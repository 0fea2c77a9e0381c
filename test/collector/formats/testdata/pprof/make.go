//go:build ignore

// Writes profiles of itself into the folder it is given, once quiet and once while a function burns CPU, another keeps
// memory, and goroutines wait for a lock that one holds: go run make.go FOLDER.
package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"sync"
	"time"
)

var (
	kept  [][]byte
	stock sync.Mutex
)

//go:noinline
func work(rounds int) {
	sum := [32]byte{}
	for range rounds {
		sum = sha256.Sum256(sum[:])
	}
}

//go:noinline
func serve(until time.Time) {
	for time.Now().Before(until) {
		work(20_000)
		time.Sleep(20 * time.Millisecond)
	}
}

//go:noinline
func burn(until time.Time) {
	for time.Now().Before(until) {
		work(20_000)
		fresh := make([]int, 10_000)
		slices.Sort(fresh)
	}
}

//go:noinline
func keep(n int) {
	for range n {
		kept = append(kept, make([]byte, 64<<10))
	}
}

//go:noinline
func holdStock(held time.Duration) {
	stock.Lock()
	time.Sleep(held)
	stock.Unlock()
}

func waitForWork(jobs <-chan int) { <-jobs }

func write(folder, name string) {
	file, err := os.Create(filepath.Join(folder, name+".pb.gz"))
	if err != nil {
		panic(err)
	}
	defer file.Close()
	kind, _, _ := strings.Cut(name, "-")
	if err := pprof.Lookup(kind).WriteTo(file, 0); err != nil {
		panic(err)
	}
}

func profile(folder, when string, burning bool) {
	file, err := os.Create(filepath.Join(folder, "cpu-"+when+".pb.gz"))
	if err != nil {
		panic(err)
	}
	defer file.Close()
	if err := pprof.StartCPUProfile(file); err != nil {
		panic(err)
	}
	until := time.Now().Add(2 * time.Second)
	labels := pprof.Labels("http.route", "/api/v2/verify")
	if burning {
		go pprof.Do(context.Background(), labels, func(context.Context) { burn(until) })
	}
	serve(until)
	pprof.StopCPUProfile()
	runtime.GC()
	runtime.GC()
	for _, kind := range []string{"goroutine", "heap", "mutex"} {
		write(folder, kind+"-"+when)
	}
}

func main() {
	folder := os.Args[1]
	runtime.SetMutexProfileFraction(1)
	jobs := make(chan int)
	for range 3 {
		go waitForWork(jobs)
	}
	keep(40)
	profile(folder, "quiet", false)
	keep(600)
	for range 40 {
		go holdStock(100 * time.Millisecond)
	}
	profile(folder, "incident", true)
	fmt.Println(len(kept))
}
