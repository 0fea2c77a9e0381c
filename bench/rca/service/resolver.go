package server

import (
	"context"
	"net"
	"os"
)

// DNS_SERVER names the server that resolves host names, instead of the system's.
func init() {
	server := os.Getenv("DNS_SERVER")
	if server == "" {
		return
	}
	net.DefaultResolver = &net.Resolver{
		PreferGo: true,
		Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, server)
		},
	}
}
