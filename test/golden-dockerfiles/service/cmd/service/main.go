// Package main serves one embedded page over HTTP and answers its own health check.
package main

import (
	"fmt"
	"net/http"
	"os"

	"example.com/service/internal/web"
)

var version, revision string

func main() {
	if len(os.Args) > 1 && os.Args[1] == "health" {
		fmt.Println("ok", version, revision)
		return
	}
	fmt.Println(http.ListenAndServe(":8080", http.FileServerFS(web.Pages)))
}
