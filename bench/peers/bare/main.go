// The bare handlers: what everything else is measured above.
package main

import (
	"fmt"
	"os"

	"example.com/bench/driver"
	"example.com/bench/driver/shop"
)

func main() {
	if err := driver.Serve(driver.Stack{Handler: shop.Handler()}); err != nil {
		fmt.Fprintln(os.Stderr, "bare:", err)
		os.Exit(1)
	}
}
