// Package databasetest gives tests a real PostgreSQL.
package databasetest

import (
	"context"
	"crypto/rand"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"example.com/shop/internal/database"
)

// Server is the PostgreSQL of TEST_DATABASE_URL, with the tables in a schema of the test's own, so that tests do not
// see each other and nothing stays. Without the variable the test is skipped.
func Server(t testing.TB) *pgxpool.Config {
	t.Helper()
	server := Empty(t)
	if err := database.Migrate(t.Context(), server, io.Discard); err != nil {
		t.Fatal(err)
	}
	return server
}

// Empty is Server without tables.
func Empty(t testing.TB) *pgxpool.Config {
	t.Helper()
	text := os.Getenv("TEST_DATABASE_URL")
	if text == "" {
		t.Skip("needs PostgreSQL: docker compose up -d postgres, then TEST_DATABASE_URL=postgres://shop:shop@localhost:5432/shop")
	}
	server, err := database.ParseURL(text)
	if err != nil {
		t.Fatal("TEST_DATABASE_URL: ", err)
	}
	schema := "test_" + strings.ToLower(rand.Text())
	Exec(t, server, "CREATE SCHEMA "+schema)
	t.Cleanup(func() { Exec(t, server, "DROP SCHEMA "+schema+" CASCADE") })
	own := server.Copy()
	own.ConnConfig.RuntimeParams["search_path"] = schema
	return own
}

// Connect is a connection of the test's own, beside those of the pool it tests.
func Connect(t testing.TB, server *pgxpool.Config) *pgx.Conn {
	t.Helper()
	conn, err := pgx.ConnectConfig(context.Background(), server.ConnConfig)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

// Exec runs one statement on a connection of its own.
func Exec(t testing.TB, server *pgxpool.Config, sql string, args ...any) {
	t.Helper()
	conn, err := pgx.ConnectConfig(context.Background(), server.ConnConfig)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(context.Background(), sql, args...); err != nil {
		t.Fatal(err)
	}
}
