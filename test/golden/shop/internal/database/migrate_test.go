package database_test

import (
	"io"
	"strings"
	"sync"
	"testing"

	"example.com/shop/internal/database"
	"example.com/shop/internal/database/databasetest"
)

func TestTheSchemaIsAppliedOnceHoweverManyMigrate(t *testing.T) {
	server := databasetest.Empty(t)
	var migrations sync.WaitGroup
	reports := make([]strings.Builder, 4)
	for i := range reports {
		migrations.Go(func() {
			if err := database.Migrate(t.Context(), server, &reports[i]); err != nil {
				t.Error(err)
			}
		})
	}
	migrations.Wait()
	said := make(map[string]int)
	for i := range reports {
		said[reports[i].String()]++
	}
	if said["applied schema/0001_products.sql\n"] != 1 || said["the schema is up to date\n"] != 3 {
		t.Errorf("reported %v, want one that applied and three that had nothing to do", said)
	}
	databasetest.Exec(t, server, "INSERT INTO products VALUES ('a', 'tea', 250)")
}

func TestAMigrationThatFailsLeavesNothing(t *testing.T) {
	server := databasetest.Empty(t)
	databasetest.Exec(t, server, "CREATE TABLE product_prices (mine integer)") // the file's second statement makes it too
	err := database.Migrate(t.Context(), server, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "0001_products.sql") || !strings.Contains(err.Error(), "product_prices") {
		t.Errorf("Migrate: %v, want an error that names the file and the table", err)
	}
	databasetest.Exec(t, server, "CREATE TABLE products ()")
	databasetest.Exec(t, server, "CREATE TABLE schema_migrations ()")
}
