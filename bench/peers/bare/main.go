// The bare handlers: what everything else is measured above. With ADDR set they are served there, else driven in
// this process.
package main

import (
	"fmt"
	"net/http"
	"os"

	"example.com/bench/driver"
	"example.com/bench/driver/shop"
)

func main() {
	if err := run(os.Getenv("ADDR")); err != nil {
		fmt.Fprintln(os.Stderr, "bare:", err)
		os.Exit(1)
	}
}

func run(addr string) error {
	if addr == "" {
		return driver.Serve(driver.Stack{Handler: shop.Handler()})
	}
	return http.ListenAndServe(addr, shop.Handler())
}
